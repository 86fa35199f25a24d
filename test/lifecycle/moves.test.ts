import { beforeEach, describe, expect, it } from 'vitest';
import { lookup, remove } from '../../src/jobs/scripts/lookup.ts';
import { submitTogether } from '../../src/jobs/submit/scripts/submit.ts';
import { WaitingConsumer } from '../../src/lifecycle/consumer.ts';
import { bury } from '../../src/lifecycle/scripts/bury.ts';
import { cancelOrExpire } from '../../src/lifecycle/scripts/cancel.ts';
import { ensureGroups } from '../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease, recover } from '../../src/lifecycle/scripts/recover.ts';
import { release } from '../../src/lifecycle/scripts/release.ts';
import { retry } from '../../src/lifecycle/scripts/retry.ts';
import type { Delivery } from '../../src/lifecycle/scripts/take.ts';
import { takeCensus } from '../../src/queues/scripts/census.ts';
import { BlockingReader } from '../../src/redis/blocking-reader.ts';
import type { Ref } from '../../src/redis/job-id.ts';
import { formatRef } from '../../src/redis/job-id.ts';
import { GROUP, type QueueKeys, queueKeys } from '../../src/redis/keys.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { complete, submitPlain, take } from '../helpers/workers/moves.ts';

const MAX_DEAD = 10_000;
const GIVE_UP = { consumer: 'one', lingerMs: 0, how: 'exit code 1' };

const redis = useRedis();
let keys: QueueKeys;
let reader: BlockingReader | undefined;
let queues = 0;

beforeEach(async () => {
  queues += 1;
  keys = queueKeys('mr', `q${queues}`);
  await ensureGroups(redis.client, keys);
  await extendLease(redis.client, keys, 'new', ['one', 'two'], 60_000);
});

const submit = async (options = {}): Promise<Ref> => ({
  place: 'normal',
  entryId: await submitPlain(redis.client, { keys, place: 'normal', task: 'echo', payload: '1', options }),
});

function worker(name: string): WaitingConsumer {
  reader ??= new BlockingReader(redis.client, redis.client);
  return new WaitingConsumer(name, redis.client, reader);
}

async function takeAs(consumer: string, count = 10): Promise<Delivery[]> {
  const taken = await take(worker(consumer), keys, { count });
  if (taken.kind !== 'taken') throw new Error('no lease');
  return taken.deliveries;
}

const completeAs = async (consumer: string, ref: Ref, token = 1) => {
  const job = { ref, token, status: 'completed', ttlMs: 60_000, tail: ',"t":"echo","r":1}' } as const;
  return (await complete(worker(consumer), keys, [job]))[0];
};
const failure = (ref: Ref, token = 1) => ({ ref, token, error: `{"message":"no","attempt":${token}}` });
const placeOf = async (ref: Ref) => (await lookup(redis.client, keys, ref)).place;
const total = async (name: string) => Number((await redis.client.hget(keys.totals, name)) ?? 0);

/** Everything but events, totals and leases, to show that nothing was changed. */
async function snapshot(): Promise<string> {
  const names = (await redis.client.keys(`mr:{${keys.queue}}:*`)).filter(
    (key) => ![keys.events, keys.totals, keys.leases].includes(key),
  );
  const values = await Promise.all(names.sort().map((name) => redis.client.dumpBuffer(name)));
  const pending = await Promise.all(
    Object.values(keys.stream).map((stream) => redis.client.xpending(stream, GROUP)),
  );
  return JSON.stringify([names, values.map((value) => value?.toString('hex')), pending]);
}

describe('fencing: who finishes a job must own this very delivery', () => {
  it('refuses every finish by another consumer, changes nothing and counts it', async () => {
    const ref = await submit();
    await takeAs('one');
    const before = await snapshot();
    expect(await completeAs('two', ref)).toBe('stale');
    expect(await retry(redis.client, keys, 'two', failure(ref), 0)).toBe('stale');
    expect(await bury(redis.client, keys, 'two', failure(ref), MAX_DEAD)).toBe('stale');
    expect(await release(redis.client, keys, 'two', [{ ref, token: 1, begun: false }], 0)).toEqual(['stale']);
    expect(await snapshot()).toBe(before);
    expect(await total('staleCommits')).toBe(3);
    expect(await completeAs('one', ref)).toBe('done');
  });

  it('refuses the same consumer when it holds a later delivery', async () => {
    const ref = await submit();
    await takeAs('one');
    await retry(redis.client, keys, 'one', failure(ref), 0);
    const [second] = await takeAs('one');
    expect(second).toMatchObject({ entryId: ref.entryId, attempt: 2 });
    expect(await completeAs('one', ref, 1)).toBe('stale');
    expect(await completeAs('one', ref, 2)).toBe('done');
  });

  it('answers a repeated finish as the first time', async () => {
    const done = await submit();
    await takeAs('one');
    expect([await completeAs('one', done), await completeAs('one', done)]).toEqual(['done', 'repeated']);
    expect(await total('completed')).toBe(1);
    expect(await completeAs('two', done)).toBe('stale');

    const failed = await submit();
    await takeAs('one');
    expect(await retry(redis.client, keys, 'one', failure(failed), 60_000)).toBe('done');
    expect(await retry(redis.client, keys, 'one', failure(failed), 60_000)).toBe('repeated');
    expect(await total('retried')).toBe(1);

    const dead = await submit();
    await takeAs('one');
    expect(await bury(redis.client, keys, 'one', failure(dead), MAX_DEAD)).toBe('done');
    expect(await bury(redis.client, keys, 'one', failure(dead), MAX_DEAD)).toBe('repeated');
    expect(await total('failed')).toBe(1);
  });

  it('takes the lease from the head of a result, whatever the result says', async () => {
    const ref = await submit();
    await takeAs('one');
    const tail = ',"t":"echo","r":"{\\"w\\":\\"two\\",\\"a\\":1"}';
    const job = { ref, token: 1, status: 'completed', ttlMs: 60_000, tail } as const;
    await complete(worker('one'), keys, [job]);
    expect(await completeAs('two', ref)).toBe('stale');
  });
});

describe('a retry', () => {
  it('leaves the pending list, and counts attempts in the deliveries', async () => {
    const ref = await submit();
    await takeAs('one');
    await retry(redis.client, keys, 'one', failure(ref), 0);
    expect(await redis.client.xpending(keys.stream.normal, GROUP)).toEqual([0, null, null, null]);
    expect(await placeOf(ref)).toBe('retrying');
    await takeAs('two');
    const [row] = (await redis.client.xpending(keys.stream.normal, GROUP, '-', '+', 1)) as [
      [string, string, number, number],
    ];
    // XCLAIM FORCE by itself would start the count at 2 on every claim.
    expect(row.slice(0, 2)).toEqual([ref.entryId, 'two']);
    expect(row[3]).toBe(2);
  });

  it('drops what was cancelled while it waited', async () => {
    const ref = await submit();
    await takeAs('one');
    await retry(redis.client, keys, 'one', failure(ref), 0);
    await redis.client.xdel(keys.stream.normal, ref.entryId);
    expect(await takeAs('one')).toEqual([]);
    expect(await redis.client.zcard(keys.due.normal)).toBe(0);
    expect(await redis.client.exists(keys.notes)).toBe(0);
  });

  it('wakes an idle worker only when it is due soon', async () => {
    const [soon, late] = [await submit(), await submit()];
    await takeAs('one');
    await retry(redis.client, keys, 'one', failure(late), 60_000);
    expect(await redis.client.xlen(keys.wake)).toBe(0);
    await retry(redis.client, keys, 'one', failure(soon), 500);
    expect(await redis.client.xlen(keys.wake)).toBe(1);
  });
});

describe('recovery', () => {
  it('moves the jobs of an ended lease to due, each loss an attempt, and forgets the consumer', async () => {
    const refs = [await submit(), await submit()];
    await takeAs('one');
    await redis.client.zadd(keys.leases, 1, 'one');
    const pass = await recover(redis.client, keys);
    expect(pass.recovered).toBe(2);
    for (const ref of refs) expect(await placeOf(ref)).toBe('retrying');
    expect(await redis.client.zrange(keys.leases, 0, '-1')).toEqual(['two']);
    const consumers = await redis.client.call('xinfo', 'CONSUMERS', keys.stream.normal, GROUP);
    expect(JSON.stringify(consumers)).not.toContain('"one"');
    const taken = await takeAs('two');
    expect(taken.map(({ attempt }) => attempt)).toEqual([2, 2]);
    expect(await completeAs('one', refs[0] as Ref)).toBe('stale');
  });

  it('leaves living leases alone', async () => {
    const ref = await submit();
    await takeAs('one');
    expect(await recover(redis.client, keys)).toMatchObject({ recovered: 0, more: false });
    expect(await placeOf(ref)).toBe('running');
  });

  it('goes in bounded steps, and keeps the consumer until nothing is pending', async () => {
    for (let i = 0; i < 600; i += 1) await submit();
    await takeAs('one', 600);
    const first = await recover(redis.client, keys, GIVE_UP);
    expect(first).toMatchObject({ recovered: 500, more: true });
    expect(await redis.client.zscore(keys.leases, 'one')).not.toBeNull();
    expect(await recover(redis.client, keys, GIVE_UP)).toMatchObject({ recovered: 100, more: false });
    expect(await redis.client.zscore(keys.leases, 'one')).toBeNull();
  });

  it('tells a lease that had ended that it was lost', async () => {
    expect((await extendLease(redis.client, keys, 'renew', ['one', 'three'], 60_000)).lost).toEqual([
      'three',
    ]);
  });
});

describe('taking', () => {
  it('needs a lease', async () => {
    await redis.client.zrem(keys.leases, 'one');
    expect(await take(worker('one'), keys, { count: 1 })).toEqual({ kind: 'no-lease' });
  });

  it('takes due jobs first, then lanes by urgency, and never more than asked for', async () => {
    const job = { keys, task: 'echo', payload: '1' } as const;
    for (const place of ['low', 'critical', 'normal'] as const) {
      await submitPlain(redis.client, { ...job, place, options: {} });
    }
    await submitTogether(redis.client, [{ ...job, place: 'parked', options: { at: 1 } }]);
    expect((await takeAs('one', 2)).map(({ place }) => place)).toEqual(['parked', 'critical']);
    expect((await takeAs('one', 5)).map(({ place }) => place)).toEqual(['normal', 'low']);
  });

  it('says when the next job is due', async () => {
    const job = { keys, task: 'echo', payload: '1', place: 'parked', options: { d: 40_000 } } as const;
    await submitTogether(redis.client, [job]);
    const taken = await take(worker('one'), keys, { count: 1 });
    const next = taken.kind === 'taken' ? taken.nextDueInMs : undefined;
    expect(next).toBeGreaterThan(30_000);
    expect(next).toBeLessThanOrEqual(40_000);
  });
});

describe('withdrawing', () => {
  it('removes a waiting job and leaves a result; marks a running one', async () => {
    const waiting = await submit();
    expect(await cancelOrExpire(redis.client, keys, waiting, 'cancelled', 60_000)).toBe('withdrawn');
    expect(await cancelOrExpire(redis.client, keys, waiting, 'cancelled', 60_000)).toBe('finished');
    const running = await submit();
    await takeAs('one');
    expect(await cancelOrExpire(redis.client, keys, running, 'expired', 60_000)).toBe('asked');
    expect(await redis.client.xlen(keys.control)).toBe(0);
    expect(await cancelOrExpire(redis.client, keys, running, 'cancelled', 60_000)).toBe('asked');
    expect(await redis.client.xlen(keys.control)).toBe(1);
    // No retry follows: the next taker is told.
    await retry(redis.client, keys, 'one', failure(running), 0);
    expect((await takeAs('one'))[0]?.cancelAsked).toBe(true);
  });
});

describe('looking up', () => {
  it('tells a job that has gone from one that never was', async () => {
    const ref = await submit();
    await takeAs('one');
    await completeAs('one', ref);
    expect(await placeOf(ref)).toBe('result');
    expect((await remove(redis.client, keys, ref)).place).toBe('result');
    expect(await placeOf(ref)).toBe('gone');
    const [ms = ''] = ref.entryId.split('-');
    expect(await placeOf({ place: 'normal', entryId: `${Number(ms) + 60_000}-0` })).toBe('none');
    expect(await placeOf({ place: 'low', entryId: ref.entryId })).toBe('none');
  });
});

describe('the census', () => {
  it('counts each place, and adds up', async () => {
    const refs: Ref[] = [];
    for (let i = 0; i < 5; i += 1) refs.push(await submit());
    await submitTogether(redis.client, [
      { keys, task: 'echo', payload: '1', place: 'parked', options: { d: 60_000 } },
    ]);
    await takeAs('one', 4);
    const [a, b, c] = refs as [Ref, Ref, Ref];
    await completeAs('one', a);
    await retry(redis.client, keys, 'one', failure(b), 60_000);
    await bury(redis.client, keys, 'one', failure(c), MAX_DEAD);
    const census = await takeCensus(redis.client, keys);
    expect(census.places.normal).toMatchObject({ length: 4, running: 1, due: 1, dead: 1, added: 5 });
    expect(census.scheduled).toBe(1);
    expect(census.leases.find(({ consumer }) => consumer === 'one')?.running).toBe(1);
    expect(census.places.normal.firstWaiting).toBe(refs[4]?.entryId);
    expect(formatRef(a)).toMatch(/^n\d+-\d+$/);
  });
});
