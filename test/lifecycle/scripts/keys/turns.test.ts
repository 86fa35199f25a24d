import { beforeEach, describe, expect, it } from 'vitest';
import { lookup } from '../../../../src/jobs/scripts/lookup.ts';
import { submitTogether } from '../../../../src/jobs/submit/scripts/submit.ts';
import type { Consumer, Delivery } from '../../../../src/lifecycle/consumer.ts';
import { cancelOrExpire } from '../../../../src/lifecycle/scripts/cancel.ts';
import { recheckKeys } from '../../../../src/lifecycle/scripts/keys/sweep-keys.ts';
import { recover } from '../../../../src/lifecycle/scripts/recover.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../../../../src/lifecycle/scripts/sweep.ts';
import type { EntryOptions } from '../../../../src/redis/entry-options.ts';
import { formatRef, type Ref } from '../../../../src/redis/job-id.ts';
import { GROUP } from '../../../../src/redis/keys.ts';
import { redisTime } from '../../../../src/redis/server-time.ts';
import { untilAfter, useQueueOfTwo } from '../../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { completionOf, failureOf } from '../../../helpers/workers/manual-worker.ts';
import { complete, take } from '../../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const setLimits = (limits: Record<string, string | number>) => redis.client.hset(queue.keys.settings, limits);

/** Options of a job with a key. */
const of = (key: string, more: EntryOptions = {}): EntryOptions => ({ ...more, y: key });

/** Submits a job for each key; `_` stands for none. */
async function submitFor(keys: string, place: Ref['place'] = 'normal'): Promise<Ref[]> {
  const jobs = [...keys].map((key) => ({
    keys: queue.keys,
    place,
    task: 'echo',
    payload: '1',
    options: key === '_' ? {} : of(key, place === 'parked' ? { at: 1 } : {}),
  }));
  const submitted = await submitTogether(redis.client, jobs);
  if (submitted.kind !== 'stored') throw new Error(submitted.kind);
  return submitted.entryIds.map((entryId) => ({ place, entryId }));
}

async function takeAs(consumer: Consumer, options: Parameters<typeof take>[2] = { count: 10 }) {
  const taken = await take(consumer, queue.keys, options);
  if (taken.kind !== 'taken') throw new Error('no lease');
  return taken;
}
const keysOf = (deliveries: readonly Delivery[]): string =>
  deliveries.map(({ fields }) => JSON.parse(fields[5] || '{}').y ?? '_').join('');
const taken = async (count = 10, consumer: Consumer = queue.one) =>
  keysOf((await takeAs(consumer, { count })).deliveries);

const end = (consumer: Consumer, deliveries: readonly Delivery[]) =>
  complete(
    consumer,
    queue.keys,
    deliveries.map((delivery) => completionOf(delivery, 'completed', '1')),
  );
const heldBy = async (ref: Ref | undefined) => {
  const found = await lookup(redis.client, queue.keys, ref as Ref);
  return found.place === 'queued' ? found.heldBy : found.place;
};
const tokens = () => redis.client.xlen(queue.keys.wake);

async function sweepAll(): Promise<void> {
  for (let at: SweepPosition = SWEEP_START; at !== 'end'; ) {
    at = (await sweep(redis.client, queue.keys, at)).next;
  }
}

describe('the concurrency of a key', () => {
  beforeEach(() => setLimits({ keyConcurrency: 1 }));

  it('lets one job of each run, and those without a key', async () => {
    await submitFor('aab_c_a');
    expect((await taken()).split('').sort().join('')).toBe('__abc');
    expect(await taken(10, queue.two)).toBe('');
  });

  it('lets the next one of a key start when one has ended, in the order in which they came', async () => {
    const refs = await submitFor('aaa');
    const started: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const { deliveries } = await takeAs(i % 2 === 0 ? queue.one : queue.two);
      started.push(...deliveries.map(({ entryId }) => entryId));
      await end(i % 2 === 0 ? queue.one : queue.two, deliveries);
    }
    expect(started).toEqual(refs.map(({ entryId }) => entryId));
    const { runningKeys, runsFor, turns, holds } = queue.keys;
    expect(await redis.client.exists(runningKeys, runsFor, turns, holds)).toBe(0);
    expect(await redis.client.exists(queue.keys.notes)).toBe(0);
  });

  it('is why a job waits', async () => {
    const refs = await submitFor('aab');
    await taken();
    expect(await heldBy(refs[1])).toBe('key');
    expect(await heldBy(refs[2])).toBe('running');
  });

  it('may be more than one, and counts what runs elsewhere', async () => {
    await setLimits({ keyConcurrency: 3 });
    await submitFor('aaaaab');
    expect(await taken(1)).toBe('a');
    expect([...(await taken(10, queue.two))].sort().join('')).toBe('aab');
    expect(await taken()).toBe('');
  });

  it('keeps the order of priorities, within a key and among keys', async () => {
    await submitFor('ab', 'low');
    await submitFor('a', 'normal');
    await submitFor('c', 'high');
    await submitFor('a', 'critical');
    const first = await takeAs(queue.one);
    expect(first.deliveries.map(({ place }) => place)).toEqual(['critical', 'high', 'low']);
    await end(queue.one, first.deliveries.slice(0, 1));
    const second = await takeAs(queue.one);
    expect(second.deliveries.map(({ place }) => place)).toEqual(['normal']);
  });

  it('holds for a job that is due, delayed, or was read by a waiting worker', async () => {
    const [first] = await submitFor('a');
    const { deliveries } = await takeAs(queue.one);
    await queue.one.retry(queue.keys, failureOf(deliveries[0] as Delivery), 0);
    await submitFor('a', 'parked');
    await submitFor('a');
    const args = ['COUNT', 1, 'STREAMS', queue.keys.stream.normal, '>'] as const;
    const reply = await redis.client.xreadgroup('GROUP', GROUP, 'two', ...args);
    const read = formatRef({ place: 'normal', entryId: reply?.[0]?.[1][0]?.[0] ?? '' });
    const next = await takeAs(queue.two, { count: 10, toAdmit: [read] });
    expect(next.deliveries).toHaveLength(1);
    expect(next.isLimited).toBe(true);
    await end(queue.two, next.deliveries);
    const third = await takeAs(queue.two);
    expect(third.deliveries).toHaveLength(1);
    await end(queue.two, third.deliveries);
    expect((await takeAs(queue.two)).deliveries).toHaveLength(1);
    expect(await heldBy(first)).not.toBeUndefined();
  });

  it('takes any text for a key, and tells keys apart that begin alike', async () => {
    const keys = ['a', 'a b', 'a"b', 'a/b', 'a\\', 'a\n', 'a\u0000', 'ä'.repeat(255), '{"y":"a"}'];
    for (const key of keys) {
      for (let i = 0; i < 2; i += 1) await queue.submit({ m: { y: 'other', '"y":"z"': '1' }, y: key });
    }
    const first = await takeAs(queue.one, { count: 100 });
    const all = [...keys.join('')].sort();
    expect([...keysOf(first.deliveries)].sort()).toEqual(all);
    await end(queue.one, first.deliveries);
    expect([...keysOf((await takeAs(queue.one, { count: 100 })).deliveries)].sort()).toEqual(all);
  });

  it('is not taken in by a member of the metadata that is named like it', async () => {
    for (let i = 0; i < 3; i += 1) await queue.submit({ m: { y: 'a' } });
    expect(await taken()).toBe('___');
  });

  it.each<[string, (job: Delivery) => Promise<unknown>]>([
    ['completes', (job) => complete(queue.one, queue.keys, [completionOf(job, 'completed', '1')])],
    ['is retried', (job) => queue.one.retry(queue.keys, failureOf(job), 60_000)],
    ['fails', (job) => queue.one.bury(queue.keys, failureOf(job), 10)],
    [
      'is released',
      (job) => queue.one.release(queue.keys, [{ ref: job, token: job.token, begun: true }], 60_000),
    ],
    [
      'is held for another reason',
      ({ place, entryId, token, readyAt }) => {
        const job = { priority: 'normal', readyAt, reason: 'task:echo', refusers: [] } as const;
        return queue.one.hold(queue.keys, [{ ...job, ref: { place, entryId }, token, expiresAt: undefined }]);
      },
    ],
    [
      'is cancelled without its worker',
      async (job) => {
        await cancelOrExpire(redis.client, queue.keys, job, 'cancelled', 60_000);
        await redis.client.hset(queue.keys.notes, `${formatRef(job)}:c`, 1);
        await cancelOrExpire(redis.client, queue.keys, job, 'cancelled', 60_000, 'enforce');
      },
    ],
  ])('a job that %s lets the next one start, and wakes a worker for it', async (_, move) => {
    await submitFor('aa');
    const { deliveries } = await takeAs(queue.one, { count: 1 });
    expect(await taken(10, queue.two)).toBe('');
    const before = await tokens();
    await move(deliveries[0] as Delivery);
    expect(await tokens()).toBe(before + 1);
    expect(await taken(10, queue.two)).toBe('a');
  });

  it('a job whose worker was lost goes before those of its key that came later', async () => {
    const [first] = await submitFor('aa');
    await taken(1);
    await redis.client.zadd(queue.keys.leases, 1, 'one');
    await recover(redis.client, queue.keys);
    const next = await takeAs(queue.two);
    expect(next.deliveries).toMatchObject([{ ...first, attempt: 2 }]);
    await end(queue.two, next.deliveries);
    expect((await takeAs(queue.two)).deliveries).toHaveLength(1);
  });

  it('a held job can be cancelled, and takes its turn no longer', async () => {
    const refs = await submitFor('aaa');
    const first = await takeAs(queue.one);
    const withdrawn = await cancelOrExpire(redis.client, queue.keys, refs[1] as Ref, 'cancelled', 60_000);
    expect(withdrawn).toBe('withdrawn');
    await end(queue.one, first.deliveries);
    const next = await takeAs(queue.one);
    expect(next.deliveries.map(({ entryId }) => entryId)).toEqual([refs[2]?.entryId]);
  });

  it('acts at once when it is changed or taken away', async () => {
    await submitFor('aaaaa');
    const running = (await takeAs(queue.one)).deliveries;
    expect(keysOf(running)).toBe('a');
    await setLimits({ keyConcurrency: 2 });
    await recheckKeys(redis.client, queue.keys);
    running.push(...(await takeAs(queue.one)).deliveries);
    expect(keysOf(running)).toBe('aa');
    await redis.client.hdel(queue.keys.settings, 'keyConcurrency');
    await recheckKeys(redis.client, queue.keys);
    await submitFor('a');
    const last = await takeAs(queue.one);
    expect(keysOf(last.deliveries)).toBe('aaaa');
    await end(queue.one, [...running, ...last.deliveries]);
    await sweepAll();
    expect(await redis.client.exists(queue.keys.settings, queue.keys.turns, queue.keys.runsFor)).toBe(0);
  });

  it('costs no claim where the key of a job holds back nothing, and no note where it does', async () => {
    await redis.client.config('RESETSTAT');
    await submitFor('abcab');
    const { deliveries } = await takeAs(queue.one);
    expect([...keysOf(deliveries)].sort().join('')).toBe('abc');
    expect(await redis.client.info('commandstats')).not.toContain('cmdstat_xclaim');
    expect(await redis.client.zcard(queue.keys.holds)).toBe(2);
    expect(await redis.client.exists(queue.keys.notes)).toBe(0);
  });

  it('lets an older job of a key start before one that has just come', async () => {
    await setLimits({ keyConcurrency: 2 });
    const refs = await submitFor('aaaa');
    const { deliveries } = await takeAs(queue.one);
    const [later] = await submitFor('a');
    await end(queue.one, deliveries);
    const next = await takeAs(queue.one);
    expect(next.deliveries.map(({ entryId }) => entryId)).toEqual([refs[2]?.entryId, refs[3]?.entryId]);
    expect(await heldBy(later)).toBe('key');
  });

  it('goes together with the limit of the queue', async () => {
    await setLimits({ concurrency: 2 });
    await submitFor('aabbcc');
    const first = await takeAs(queue.one);
    expect(keysOf(first.deliveries)).toBe('ab');
    expect(first.isAtLimit).toBe(true);
    await end(queue.one, first.deliveries);
    expect(await taken()).toHaveLength(2);
  });

  it('a backlog of one key hides no other, however long it is', async () => {
    await submitFor('a'.repeat(700));
    await submitFor('b');
    const first = await takeAs(queue.one);
    expect(keysOf(first.deliveries)).toBe('a');
    expect(first.isCut).toBe(true);
    let found = '';
    for (let i = 0; i < 4 && found === ''; i += 1) found = await taken();
    expect(found).toBe('b');
  });
});

describe('keys take turns in a fair queue', () => {
  beforeEach(() => setLimits({ fair: 1 }));

  it('one start each, whatever waits', async () => {
    await submitFor('aaaaaa');
    await submitFor('bbb');
    await submitFor('c');
    const order: string[] = [];
    for (let i = 0; i < 10; i += 1) order.push(await taken(1));
    expect(order.slice(0, 3).sort().join('')).toBe('abc');
    expect(order.slice(3, 5).sort().join('')).toBe('ab');
    expect(order.slice(5, 7).sort().join('')).toBe('ab');
    expect(order.slice(7).join('')).toBe('aaa');
  });

  it('in one take as in many', async () => {
    await submitFor('aaaaabb');
    expect([...(await taken(4))].sort().join('')).toBe('aabb');
    expect(await taken()).toBe('aaa');
  });

  it('and jobs without a key are as one more', async () => {
    await submitFor('______aa');
    expect([...(await taken(4))].sort().join('')).toBe('__aa');
  });

  it('priorities go first', async () => {
    await submitFor('abc', 'low');
    await submitFor('aaa');
    expect((await taken(3)).replaceAll('a', '')).toBe('');
    expect([...(await taken(3))].sort().join('')).toBe('abc');
  });

  it('a key that comes late has its turn before thousands of starts of one with a backlog', async () => {
    await submitFor('a'.repeat(4_000));
    await submitFor('b');
    let starts = 0;
    for (let found = ''; !found.includes('b'); starts += found.length) {
      const next = await takeAs(queue.one);
      found = keysOf(next.deliveries);
      await end(queue.one, next.deliveries);
    }
    expect(starts).toBeLessThan(90);
  });
});

describe('the rate of a key', () => {
  it('bounds the starts of each key, and says when the next one may start', async () => {
    await setLimits({ keyRate: '1 60000 2' });
    await submitFor('aaaabbb');
    const first = await takeAs(queue.one);
    expect([...keysOf(first.deliveries)].sort().join('')).toBe('aabb');
    await end(queue.one, first.deliveries);
    const second = await takeAs(queue.one);
    expect(second.deliveries).toEqual([]);
    expect(second.nextDueInMs).toBeGreaterThan(50_000);
    expect(second.nextDueInMs).toBeLessThanOrEqual(60_000);
    expect(second.isAtLimit).toBe(false);
  });

  it('lets the next one start in its time', async () => {
    await setLimits({ keyRate: '10 1000 1' });
    await submitFor('aab');
    const from = await redisTime(redis.client);
    expect([...(await taken())].sort().join('')).toBe('ab');
    const { nextDueInMs = 0 } = await takeAs(queue.one);
    expect(nextDueInMs).toBeLessThanOrEqual(101);
    await untilAfter(redis, from + 102);
    expect(await taken()).toBe('a');
  });

  it('acts at once when it is changed', async () => {
    await setLimits({ keyRate: '1 3600000 1' });
    await submitFor('aa');
    expect(await taken()).toBe('a');
    expect(await taken()).toBe('');
    await setLimits({ keyRate: '1000 1000 1' });
    await recheckKeys(redis.client, queue.keys);
    const next = await takeAs(queue.one);
    expect(next.nextDueInMs).toBeLessThanOrEqual(2);
    await untilAfter(redis, next.now + 3);
    expect(await taken()).toBe('a');
  });

  it('keeps nothing of keys whose rate is not used any more', async () => {
    await setLimits({ keyRate: '1000 1000 1' });
    await submitFor('abcdef');
    await taken();
    await untilAfter(redis, (await redisTime(redis.client)) + 2);
    await submitFor('g');
    await taken();
    expect(await redis.client.zcard(queue.keys.keyRates)).toBeLessThanOrEqual(1);
  });
});

describe('an accident leaves nothing held', () => {
  beforeEach(() => setLimits({ keyConcurrency: 1 }));

  it('a job that counts as running and is not', async () => {
    await submitFor('aa');
    const { deliveries } = await takeAs(queue.one);
    // As a release does that does not know keys.
    await redis.client.xack(queue.keys.stream.normal, GROUP, deliveries[0]?.entryId ?? '');
    await redis.client.xdel(queue.keys.stream.normal, deliveries[0]?.entryId ?? '');
    expect(await taken()).toBe('');
    await sweepAll();
    expect(await taken()).toBe('a');
  });

  it('a key that has lost its turn', async () => {
    await submitFor('aabb');
    const { deliveries } = await takeAs(queue.one);
    await end(queue.one, deliveries);
    await redis.client.del(queue.keys.turns);
    expect(await taken()).toBe('');
    const before = await tokens();
    await sweepAll();
    expect(await tokens()).toBeGreaterThan(before);
    expect(await taken()).toHaveLength(2);
  });

  it('a job that an earlier release has started, with its key in a note', async () => {
    await submitFor('aa');
    const [job] = (await takeAs(queue.one)).deliveries;
    await redis.client.del(queue.keys.runsFor);
    await redis.client.hset(queue.keys.notes, `${formatRef(job as Delivery)}:y`, 'a');
    await end(queue.one, [job as Delivery]);
    expect(await taken()).toBe('a');
    expect(await redis.client.exists(queue.keys.notes)).toBe(0);
  });

  it.each(['is due later', 'is due'])(
    'a held job that another release has made due: it %s',
    async (which) => {
      const [, second] = await submitFor('aab');
      const { deliveries } = await takeAs(queue.one);
      const at = which === 'is due' ? 1 : Date.now() + 60_000;
      await redis.client.zadd(queue.keys.due.normal, at, formatRef(second as Ref));
      await end(queue.one, deliveries);
      const next = await takeAs(queue.one);
      expect(next.deliveries.map(({ entryId }) => entryId)).toEqual([second?.entryId]);
      expect(await redis.client.exists(queue.keys.due.normal, queue.keys.holds)).toBe(0);
    },
  );

  it('a held job whose entry is gone', async () => {
    const refs = await submitFor('aaa');
    const { deliveries } = await takeAs(queue.one);
    await redis.client.xdel(queue.keys.stream.normal, refs[1]?.entryId ?? '');
    await end(queue.one, deliveries);
    const next = await takeAs(queue.one);
    expect(next.deliveries.map(({ entryId }) => entryId)).toEqual([refs[2]?.entryId]);
  });

  it('groups that were made again', async () => {
    await submitFor('aabb');
    await taken();
    for (const stream of Object.values(queue.keys.stream))
      await redis.client.xgroup('DESTROY', stream, GROUP);
    let found = '';
    for (let i = 0; i < 10 && found.length < 4; i += 1) {
      const next = await takeAs(queue.one);
      found += keysOf(next.deliveries);
      await end(queue.one, next.deliveries);
      if (next.deliveries.length === 0) await sweepAll();
    }
    expect([...found].sort().join('')).toBe('aabb');
  });
});
