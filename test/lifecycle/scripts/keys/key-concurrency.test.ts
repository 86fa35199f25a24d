import { beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from '../../../../src/lifecycle/consumer.ts';
import { cancelOrExpire } from '../../../../src/lifecycle/scripts/cancel.ts';
import { recheckKeys } from '../../../../src/lifecycle/scripts/keys/sweep-keys.ts';
import { recover } from '../../../../src/lifecycle/scripts/recover.ts';
import { formatRef, type Ref } from '../../../../src/redis/job-id.ts';
import { GROUP } from '../../../../src/redis/keys.ts';
import { keysOf, sorted, useKeyedQueue } from '../../../helpers/lifecycle/keyed-queue.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { failureOf } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const { complete, heldBy, queue, setLimits, submitFor, sweep, takeAs, takeKeys, wakeTokens } =
  useKeyedQueue(redis);

describe('the concurrency of a key', () => {
  beforeEach(() => setLimits({ keyConcurrency: 1 }));

  it('lets one job of each run, and those without a key', async () => {
    await submitFor('aab_c_a');
    expect(sorted(await takeKeys())).toBe('__abc');
    expect(await takeKeys(10, queue.two)).toBe('');
  });

  it('lets the next one of a key start when one has ended, in the order in which they came', async () => {
    const refs = await submitFor('aaa');
    const started: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const { deliveries } = await takeAs(i % 2 === 0 ? queue.one : queue.two);
      started.push(...deliveries.map(({ entryId }) => entryId));
      await complete(i % 2 === 0 ? queue.one : queue.two, deliveries);
    }
    expect(started).toEqual(refs.map(({ entryId }) => entryId));
    const { runningKeys, runsFor, turns, holds } = queue.keys;
    expect(await redis.client.exists(runningKeys, runsFor, turns, holds)).toBe(0);
    expect(await redis.client.exists(queue.keys.notes)).toBe(0);
  });

  it.each(['normal', 'parked'] as const)(
    'keeps the order of jobs that came in one millisecond: %s',
    async (place) => {
      const refs = await submitFor('a'.repeat(120), place);
      const started: string[] = [];
      for (let i = 0; i < 120; i += 1) {
        const { deliveries } = await takeAs(queue.one);
        started.push(...deliveries.map(({ entryId }) => entryId));
        await complete(queue.one, deliveries);
      }
      expect(started).toEqual(refs.map(({ entryId }) => entryId));
    },
  );

  it('keeps the order of submits among jobs that are due in one millisecond', async () => {
    const refs = [...(await submitFor('aaa', 'parked')), ...(await submitFor('aaa', 'parked'))];
    for (const { entryId } of refs) {
      const { deliveries } = await takeAs(queue.one, { count: 1 });
      expect(deliveries).toMatchObject([{ entryId }]);
      await complete(queue.one, deliveries);
    }
  });

  it('is why a job waits', async () => {
    const refs = await submitFor('aab');
    await takeKeys();
    expect(await heldBy(refs[1])).toBe('key');
    expect(await heldBy(refs[2])).toBe('running');
  });

  it('may be more than one, and counts what runs elsewhere', async () => {
    await setLimits({ keyConcurrency: 3 });
    await submitFor('aaaaab');
    expect(await takeKeys(1)).toBe('a');
    expect(sorted(await takeKeys(10, queue.two))).toBe('aab');
    expect(await takeKeys()).toBe('');
  });

  it('keeps the order of priorities, within a key and among keys', async () => {
    await submitFor('ab', 'low');
    await submitFor('a', 'normal');
    await submitFor('c', 'high');
    await submitFor('a', 'critical');
    const first = await takeAs(queue.one);
    expect(first.deliveries.map(({ place }) => place)).toEqual(['critical', 'high', 'low']);
    await complete(queue.one, first.deliveries.slice(0, 1));
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
    await complete(queue.two, next.deliveries);
    const third = await takeAs(queue.two);
    expect(third.deliveries).toHaveLength(1);
    await complete(queue.two, third.deliveries);
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
    await complete(queue.one, first.deliveries);
    expect([...keysOf((await takeAs(queue.one, { count: 100 })).deliveries)].sort()).toEqual(all);
  });

  it('is not taken in by a member of the metadata that is named like it', async () => {
    for (let i = 0; i < 3; i += 1) await queue.submit({ m: { y: 'a' } });
    expect(await takeKeys()).toBe('___');
  });

  it.each<[string, (job: Delivery) => Promise<unknown>]>([
    ['completes', (job) => complete(queue.one, [job])],
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
    expect(await takeKeys(10, queue.two)).toBe('');
    const before = await wakeTokens();
    await move(deliveries[0] as Delivery);
    expect(await wakeTokens()).toBe(before + 1);
    expect(await takeKeys(10, queue.two)).toBe('a');
  });

  it('a job whose worker was lost goes before those of its key that came later', async () => {
    const [first] = await submitFor('aa');
    await takeKeys(1);
    await redis.client.zadd(queue.keys.leases, 1, 'one');
    await recover(redis.client, queue.keys);
    const next = await takeAs(queue.two);
    expect(next.deliveries).toMatchObject([{ ...first, attempt: 2 }]);
    await complete(queue.two, next.deliveries);
    expect((await takeAs(queue.two)).deliveries).toHaveLength(1);
  });

  it('a held job can be cancelled, and takes its turn no longer', async () => {
    const refs = await submitFor('aaa');
    const first = await takeAs(queue.one);
    const withdrawn = await cancelOrExpire(redis.client, queue.keys, refs[1] as Ref, 'cancelled', 60_000);
    expect(withdrawn).toBe('withdrawn');
    await complete(queue.one, first.deliveries);
    const next = await takeAs(queue.one);
    expect(next.deliveries.map(({ entryId }) => entryId)).toEqual([refs[2]?.entryId]);
  });

  it('acts at once when it is changed or taken away', async () => {
    await submitFor('aaaaa');
    const running = (await takeAs(queue.one)).deliveries;
    await setLimits({ keyConcurrency: 2 });
    await recheckKeys(redis.client, queue.keys);
    running.push(...(await takeAs(queue.one)).deliveries);
    expect(keysOf(running)).toBe('aa');
    await redis.client.hdel(queue.keys.settings, 'keyConcurrency');
    await recheckKeys(redis.client, queue.keys);
    await submitFor('a');
    const last = await takeAs(queue.one);
    expect(keysOf(last.deliveries)).toBe('aaaa');
    await complete(queue.one, [...running, ...last.deliveries]);
    await sweep();
    expect(await redis.client.exists(queue.keys.settings, queue.keys.turns, queue.keys.runsFor)).toBe(0);
  });

  it('costs no claim where the key of a job has room, and no note where it has none', async () => {
    await redis.client.config('RESETSTAT');
    await submitFor('abcab');
    expect(sorted(await takeKeys())).toBe('abc');
    expect(await redis.client.info('commandstats')).not.toContain('cmdstat_xclaim');
    expect(await redis.client.zcard(queue.keys.holds)).toBe(2);
    expect(await redis.client.exists(queue.keys.notes)).toBe(0);
  });

  it('lets a held job of a key start before one of a lower priority, also where that lane goes first', async () => {
    const [, held] = await submitFor('aa');
    const { deliveries } = await takeAs(queue.one);
    await complete(queue.one, deliveries);
    await submitFor('a', 'low');
    const next = await takeAs(queue.one, { count: 1, favouredLane: 4, share: 1 });
    expect(next.deliveries.map(({ entryId }) => entryId)).toEqual([held?.entryId]);
  });

  it('lets an older job of a key start before one that has just come', async () => {
    await setLimits({ keyConcurrency: 2 });
    const refs = await submitFor('aaaa');
    const { deliveries } = await takeAs(queue.one);
    const [later] = await submitFor('a');
    await complete(queue.one, deliveries);
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
    await complete(queue.one, first.deliveries);
    expect(await takeKeys()).toHaveLength(2);
  });

  it('a backlog of one key hides no other, however long it is', async () => {
    await submitFor('a'.repeat(700));
    await submitFor('b');
    const first = await takeAs(queue.one);
    expect(keysOf(first.deliveries)).toBe('a');
    expect(first.isCut).toBe(true);
    let found = '';
    for (let i = 0; i < 4 && found === ''; i += 1) found = await takeKeys();
    expect(found).toBe('b');
  });
});
