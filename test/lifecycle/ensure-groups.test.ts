import { beforeEach, describe, expect, it } from 'vitest';
import { lookup } from '../../src/jobs/scripts/lookup.ts';
import { submitTogether } from '../../src/jobs/submit/scripts/submit.ts';
import { WaitingConsumer } from '../../src/lifecycle/consumer.ts';
import { expireDue } from '../../src/lifecycle/expire.ts';
import { bury } from '../../src/lifecycle/scripts/bury.ts';
import { CANCEL_PATIENCE_MS, cancelOrExpire } from '../../src/lifecycle/scripts/cancel.ts';
import { expiredDeadLetters, purgeDead } from '../../src/lifecycle/scripts/dead-letters.ts';
import { ensureGroups } from '../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease, recover } from '../../src/lifecycle/scripts/recover.ts';
import { retry } from '../../src/lifecycle/scripts/retry.ts';
import { SWEEP_START, type SweepPosition, sweep } from '../../src/lifecycle/scripts/sweep.ts';
import type { Delivery } from '../../src/lifecycle/scripts/take.ts';
import { BlockingReader } from '../../src/redis/blocking-reader.ts';
import { entryTime, formatRef, type Ref } from '../../src/redis/entry.ts';
import { GROUP, type QueueKeys, queueKeys } from '../../src/redis/keys.ts';
import { redisTime } from '../../src/redis/server-time.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import { complete, take } from '../helpers/workers/moves.ts';

const MAX_DEAD = 3;

const redis = useRedis();
let keys: QueueKeys;
let one: WaitingConsumer;
let two: WaitingConsumer;
let queues = 0;
let reader: BlockingReader | undefined;

beforeEach(async () => {
  queues += 1;
  keys = queueKeys('mr', `q${queues}`);
  await ensureGroups(redis.client, keys);
  await extendLease(redis.client, keys, 'new', ['one', 'two'], 60_000);
  reader ??= new BlockingReader(redis.client, redis.client);
  one = new WaitingConsumer('one', redis.client, reader);
  two = new WaitingConsumer('two', redis.client, reader);
});

async function submit(options = {}, place: Ref['place'] = 'normal'): Promise<Ref> {
  const entry = { keys, place, task: 'echo', payload: '1', options };
  const submitted = await submitTogether(redis.client, [entry]);
  return { place, entryId: submitted.kind === 'stored' ? (submitted.entryIds[0] ?? '') : '' };
}

async function takeAs(consumer: WaitingConsumer, count = 10): Promise<Delivery[]> {
  const taken = await take(consumer, keys, { count });
  if (taken.kind !== 'taken') throw new Error('no lease');
  return taken.deliveries;
}

const failure = (ref: Ref, token = 1) => ({ ref, token, error: `{"message":"no","attempt":${token}}` });
const placeOf = async (ref: Ref) => (await lookup(redis.client, keys, ref)).place;
const entryIds = (deliveries: readonly Delivery[]) => deliveries.map(({ entryId }) => entryId);
const untilAfter = (ms: number) =>
  until(async () => (await redisTime(redis.client)) > ms, 'some time of Redis');
const destroyGroups = () =>
  Promise.all(Object.values(keys.stream).map((stream) => redis.client.xgroup('DESTROY', stream, GROUP)));

describe('a group that was destroyed', () => {
  it('is made anew; what is dead stays so, what waits comes with its attempts, what is new comes as such', async () => {
    const [dead, due, ran, fresh] = [await submit(), await submit(), await submit(), await submit()];
    await takeAs(one, 3);
    await bury(redis.client, keys, 'one', failure(dead), MAX_DEAD);
    await retry(redis.client, keys, 'one', failure(due), 3_600_000);
    await retry(redis.client, keys, 'one', failure(ran), 0);
    expect(await takeAs(one, 1)).toMatchObject([{ entryId: ran.entryId, attempt: 2 }]);
    await destroyGroups();

    const taken: Delivery[] = [];
    for (let i = 0; i < 5; i += 1) taken.push(...(await takeAs(two)));
    expect(taken.map(({ entryId, attempt, token }) => [entryId, attempt, token])).toEqual([
      [fresh.entryId, 1, 1],
      [ran.entryId, 2, 2],
    ]);
    expect([await placeOf(dead), await placeOf(due)]).toEqual(['failed', 'retrying']);
    expect(await redis.client.hgetall(keys.settings)).toEqual({});
    // The group has passed the mark: new jobs are not looked at twice.
    const later = await submit();
    expect(entryIds(await takeAs(two))).toEqual([later.entryId]);
  });

  it('brings nothing to who blocks, until `take` has looked', async () => {
    const dead = await submit();
    await takeAs(one);
    await bury(redis.client, keys, 'one', failure(dead), MAX_DEAD);
    await destroyGroups();
    expect(await one.awaitWork([{ keys, paused: false }], 1)).toEqual([]);
    expect(await takeAs(one)).toEqual([]);
    expect(await placeOf(dead)).toBe('failed');
  });

  it('takes back an entry that is dead or due, without making it due', async () => {
    const [dead, due] = [await submit(), await submit()];
    await takeAs(one);
    await bury(redis.client, keys, 'one', failure(dead), MAX_DEAD);
    await retry(redis.client, keys, 'one', failure(due), 3_600_000);
    await destroyGroups();
    await ensureGroups(redis.client, keys);
    await redis.client.xreadgroup('GROUP', GROUP, 'one', 'COUNT', 10, 'STREAMS', keys.stream.normal, '>');
    expect(
      await one.release(
        keys,
        [dead, due].map((ref) => ({ ref, token: 1, begun: false })),
      ),
    ).toEqual(['done', 'done']);
    expect([await placeOf(dead), await placeOf(due)]).toEqual(['failed', 'retrying']);
    expect(await takeAs(one)).toEqual([]);
  });
});

describe('the sweep', () => {
  async function sweepAll(): Promise<number> {
    let total = 0;
    for (let at: SweepPosition = SWEEP_START; at !== 'end'; ) {
      const { found, next } = await sweep(redis.client, keys, at);
      total += found;
      at = next;
    }
    return total;
  }

  it('finds entries that are in no place, in lanes and parked, and touches no other', async () => {
    const refs: Ref[] = [];
    for (let i = 0; i < 450; i += 1) refs.push(await submit());
    const parked = await submit({ at: 1 }, 'parked');
    const later = await submit({ d: 3_600_000 }, 'parked');
    const waiting = await submit({}, 'low');
    await takeAs(one, 451);
    const [running, due, dead, ...others] = refs as [Ref, Ref, Ref, ...Ref[]];
    await retry(redis.client, keys, 'one', failure(due), 3_600_000);
    await bury(redis.client, keys, 'one', failure(dead), MAX_DEAD);
    expect(await sweepAll()).toBe(0);
    const lost = [others[0], others[220], others[440], parked] as Ref[];
    for (const ref of lost) await redis.client.xack(keys.stream[ref.place], GROUP, ref.entryId);
    expect(await sweepAll()).toBe(4);
    for (const ref of lost) expect(await placeOf(ref)).toBe('retrying');
    expect(await placeOf(running)).toBe('running');
    expect([await placeOf(due), await placeOf(dead)]).toEqual(['retrying', 'failed']);
    expect([await placeOf(later), await placeOf(waiting)]).toEqual(['scheduled', 'queued']);
    expect(new Set(entryIds(await takeAs(two, 4)))).toEqual(new Set(lost.map(({ entryId }) => entryId)));
  });

  it('gives the jobs of a consumer without a lease to recovery', async () => {
    const ref = await submit();
    await takeAs(one);
    await redis.client.zrem(keys.leases, 'one');
    expect(await recover(redis.client, keys)).toMatchObject({ recovered: 0 });
    await sweepAll();
    expect(await recover(redis.client, keys)).toMatchObject({ recovered: 1 });
    expect(await placeOf(ref)).toBe('retrying');
    expect(await redis.client.zrange(keys.leases, 0, '-1')).toEqual(['two']);
  });
});

describe('dead letters', () => {
  it('are bounded by count over all lanes, the oldest first', async () => {
    const refs: Ref[] = [];
    for (const place of ['low', 'normal', 'low', 'high', 'normal'] as const) {
      const ref = await submit({}, place);
      await takeAs(one);
      await bury(redis.client, keys, 'one', failure(ref), MAX_DEAD);
      refs.push(ref);
      // The next one is younger.
      await untilAfter(await redisTime(redis.client));
    }
    const places = await Promise.all(refs.map(placeOf));
    expect(places).toEqual(['gone', 'gone', 'failed', 'failed', 'failed']);
    expect(await redis.client.hget(keys.totals, 'purged')).toBe('2');
  });

  it('are bounded by age', async () => {
    const [old, young] = [await submit(), await submit()];
    await takeAs(one);
    await bury(redis.client, keys, 'one', failure(old), MAX_DEAD);
    await bury(redis.client, keys, 'one', failure(young), MAX_DEAD);
    await redis.client.zadd(keys.dead.normal, 1_000, formatRef(old));
    const letters = await expiredDeadLetters(redis.client, keys, 60_000);
    expect(letters).toEqual([old]);
    expect(await purgeDead(redis.client, keys, letters)).toBe(1);
    expect([await placeOf(old), await placeOf(young)]).toEqual(['gone', 'failed']);
  });
});

describe('a job that may not start late', () => {
  it('ends as expired though nobody looks, unless it has started', async () => {
    const waits = await submit({ x: 1 });
    const parked = await submit({ x: 1, d: 3_600_000 }, 'parked');
    const later = await submit({ x: 3_600_000 });
    const started = await submit({ x: 1 }, 'high');
    await takeAs(one, 1);
    await untilAfter(entryTime(started.entryId) + 1);
    expect((await recover(redis.client, keys)).hasExpired).toBe(true);
    expect(await expireDue(createTestCore(redis.client, { resultTtlMs: 60_000 }), keys)).toBe(false);
    expect([await placeOf(waits), await placeOf(parked)]).toEqual(['result', 'result']);
    expect([await placeOf(later), await placeOf(started)]).toEqual(['queued', 'running']);
    expect(await redis.client.zcard(keys.expiring)).toBe(1);
    expect(await redis.client.hget(keys.totals, 'expired')).toBe('2');
    await retry(redis.client, keys, 'one', failure(started), 3_600_000);
    expect(await cancelOrExpire(redis.client, keys, started, 'expired', 60_000)).toBe('asked');
    expect(await placeOf(started)).toBe('retrying');
  });
});

describe('a running job that was cancelled', () => {
  const asked = (ref: Ref) => cancelOrExpire(redis.client, keys, ref, 'cancelled', 60_000);

  it('is taken from a worker that has not ended it in time', async () => {
    const ref = await submit();
    await takeAs(one);
    expect([await asked(ref), await asked(ref)]).toEqual(['asked', 'asked']);
    const field = `${formatRef(ref)}:c`;
    const at = Number(await redis.client.hget(keys.notes, field));
    await redis.client.hset(keys.notes, field, at - CANCEL_PATIENCE_MS);
    expect([await asked(ref), await asked(ref)]).toEqual(['withdrawn', 'finished']);
    const job = { ref, token: 1, status: 'completed', ttlMs: 60_000, tail: ',"t":"echo","r":1}' } as const;
    expect(await complete(one, keys, [job])).toEqual(['stale']);
    expect(await lookup(redis.client, keys, ref)).toMatchObject({
      place: 'result',
      record: expect.stringContaining('"a":1,"s":"cancelled"'),
    });
    expect(await redis.client.exists(keys.notes)).toBe(0);
  });

  it('is not touched by who enforces it, unless it was asked long ago', async () => {
    const ref = await submit();
    await takeAs(one);
    const enforce = () => cancelOrExpire(redis.client, keys, ref, 'cancelled', 60_000, 'enforce');
    expect(await enforce()).toBe('asked');
    expect(await redis.client.exists(keys.notes, keys.control)).toBe(0);
    await asked(ref);
    expect(await enforce()).toBe('asked');
    expect(await redis.client.xlen(keys.control)).toBe(1);
  });

  it('is ended as cancelled though its last attempt failed meanwhile', async () => {
    const ref = await submit();
    await takeAs(one);
    await asked(ref);
    expect(await bury(redis.client, keys, 'one', failure(ref), MAX_DEAD)).toBe('done');
    expect(await bury(redis.client, keys, 'one', failure(ref), MAX_DEAD)).toBe('repeated');
    expect(await placeOf(ref)).toBe('retrying');
    expect(await takeAs(two)).toMatchObject([{ entryId: ref.entryId, cancelAsked: true }]);
    expect(await redis.client.hget(keys.totals, 'failed')).toBeNull();
  });

  it('waits for no back-off when its attempt fails, and is reported when its worker is lost', async () => {
    const [failing, lost] = [await submit(), await submit()];
    await takeAs(one);
    await asked(failing);
    await asked(lost);
    await retry(redis.client, keys, 'one', failure(failing), 3_600_000);
    expect(await takeAs(two)).toMatchObject([{ entryId: failing.entryId, cancelAsked: true }]);
    const givenUp = { consumer: 'one', lingerMs: 0, how: 'SIGKILL' };
    expect((await recover(redis.client, keys, givenUp)).cancelled).toEqual([lost]);
    expect(await asked(lost)).toBe('withdrawn');
  });
});
