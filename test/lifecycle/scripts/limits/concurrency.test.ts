import { beforeEach, describe, expect, it } from 'vitest';
import { lookup } from '../../../../src/jobs/scripts/lookup.ts';
import type { Consumer } from '../../../../src/lifecycle/consumer.ts';
import { cancelOrExpire } from '../../../../src/lifecycle/scripts/cancel.ts';
import { recover } from '../../../../src/lifecycle/scripts/recover.ts';
import type { Delivery } from '../../../../src/lifecycle/scripts/take.ts';
import type { Ref } from '../../../../src/redis/job-id.ts';
import { formatRef } from '../../../../src/redis/job-id.ts';
import { GROUP } from '../../../../src/redis/keys.ts';
import { entryIdsOf, useQueueOfTwo } from '../../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { completionOf, failureOf } from '../../../helpers/workers/manual-worker.ts';
import { complete, take } from '../../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const limitTo = (concurrency: number) => redis.client.hset(queue.keys.settings, 'concurrency', concurrency);
beforeEach(() => limitTo(2));

const submitMany = async (count: number): Promise<Ref[]> => {
  const refs: Ref[] = [];
  for (let i = 0; i < count; i += 1) refs.push(await queue.submit());
  return refs;
};

async function takeAs(consumer: Consumer, options: Parameters<typeof take>[2]) {
  const taken = await take(consumer, queue.keys, options);
  if (taken.kind !== 'taken') throw new Error('no lease');
  return taken;
}

const end = (consumer: Consumer, deliveries: readonly Delivery[]) =>
  complete(
    consumer,
    queue.keys,
    deliveries.map((delivery) => completionOf(delivery, 'completed', '1')),
  );

/** The wake tokens so far. */
const tokens = () => redis.client.xlen(queue.keys.wake);

const heldBy = async (ref: Ref) => {
  const found = await lookup(redis.client, queue.keys, ref);
  return found.place === 'queued' ? found.heldBy : found.place;
};

describe('the concurrency of a queue', () => {
  it('bounds the running jobs of all consumers together', async () => {
    await submitMany(5);
    expect((await takeAs(queue.one, { count: 1 })).deliveries).toHaveLength(1);
    const second = await takeAs(queue.two, { count: 10 });
    expect(second.deliveries).toHaveLength(1);
    expect(second).toMatchObject({ isLimited: true, isAtLimit: true, nextDueInMs: undefined });
    expect((await takeAs(queue.one, { count: 10 })).deliveries).toEqual([]);
    await end(queue.two, second.deliveries);
    expect((await takeAs(queue.one, { count: 10 })).deliveries).toHaveLength(1);
  });

  it('counts due, delayed and favoured jobs', async () => {
    const [first] = await submitMany(1);
    await queue.takeAs(queue.one);
    if (first !== undefined) await queue.retry(first, 0);
    await queue.submit({ at: 1 }, 'parked');
    await queue.submit({}, 'low');
    await limitTo(1);
    const taken = await takeAs(queue.two, { count: 10, favouredLane: 4, share: 1 });
    expect(taken.deliveries.map(({ place }) => place)).toEqual(['low']);
    await end(queue.two, taken.deliveries);
    expect((await takeAs(queue.two, { count: 10 })).deliveries).toHaveLength(1);
  });

  it('acts at once when it is changed, and is gone when it is taken away', async () => {
    await submitMany(6);
    await queue.takeAs(queue.one);
    await limitTo(1);
    expect((await takeAs(queue.two, { count: 10 })).isAtLimit).toBe(true);
    await limitTo(3);
    expect((await takeAs(queue.two, { count: 10 })).deliveries).toHaveLength(1);
    await redis.client.hdel(queue.keys.settings, 'concurrency');
    const taken = await takeAs(queue.two, { count: 10 });
    expect(taken).toMatchObject({ isLimited: false, isAtLimit: false });
    expect(taken.deliveries).toHaveLength(3);
  });

  it('says that it is not reached when there is room', async () => {
    await submitMany(1);
    expect(await takeAs(queue.one, { count: 10 })).toMatchObject({ isLimited: true, isAtLimit: false });
    expect(await tokens()).toBe(0);
  });

  it('is why a queued job waits', async () => {
    const refs = await submitMany(3);
    expect(await heldBy(refs[2] as Ref)).toBeUndefined();
    const deliveries = await queue.takeAs(queue.one);
    expect(await heldBy(refs[0] as Ref)).toBe('running');
    expect(await heldBy(refs[2] as Ref)).toBe('concurrency');
    await end(queue.one, deliveries.slice(0, 1));
    expect(await heldBy(refs[2] as Ref)).toBeUndefined();
  });
});

describe('a job that a blocking read has brought', () => {
  /** As a read that blocked over the lanes. */
  async function read(consumer: Consumer): Promise<string> {
    const args = ['COUNT', 1, 'STREAMS', queue.keys.stream.normal, '>'] as const;
    const reply = await redis.client.xreadgroup('GROUP', GROUP, consumer.name, ...args);
    return formatRef({ place: 'normal', entryId: reply?.[0]?.[1][0]?.[0] ?? '' });
  }

  it('starts with the take that follows if there is room, as its first attempt', async () => {
    const [ref] = await submitMany(1);
    const taken = await takeAs(queue.one, { count: 1, toAdmit: [await read(queue.one)] });
    expect(taken.deliveries).toMatchObject([{ ...ref, token: 1, attempt: 1, begun: false }]);
    expect(await redis.client.exists(queue.keys.due.normal)).toBe(0);
  });

  it('waits again if there is none, before those that came later', async () => {
    await limitTo(1);
    const refs = await submitMany(3);
    const running = await queue.takeAs(queue.one, 1);
    const second = await read(queue.two);
    const third = await read(queue.one);
    expect((await takeAs(queue.one, { count: 5, toAdmit: [third] })).deliveries).toEqual([]);
    expect((await takeAs(queue.two, { count: 5, toAdmit: [second] })).deliveries).toEqual([]);
    expect(await heldBy(refs[1] as Ref)).toBe('concurrency');
    await end(queue.one, running);
    const taken = await takeAs(queue.one, { count: 5 });
    expect(entryIdsOf(taken.deliveries)).toEqual([refs[1]?.entryId]);
  });

  it('is left alone when it is no longer of that consumer', async () => {
    const [ref] = await submitMany(1);
    const name = await read(queue.one);
    await redis.client.xclaim(queue.keys.stream.normal, GROUP, 'two', 0, ref?.entryId ?? '');
    expect((await takeAs(queue.one, { count: 1, toAdmit: [name] })).deliveries).toEqual([]);
    expect(await queue.placeOf(ref as Ref)).toBe('running');
  });

  it('waits again though the limit is gone since', async () => {
    const [ref] = await submitMany(1);
    const name = await read(queue.one);
    await redis.client.del(queue.keys.settings);
    const taken = await takeAs(queue.one, { count: 1, toAdmit: [name] });
    expect(entryIdsOf(taken.deliveries)).toEqual([ref?.entryId]);
  });
});

describe('whoever makes room wakes a worker', () => {
  const failure = (delivery: Delivery) => failureOf(delivery);

  it.each<[string, (one: Delivery, other: Delivery) => Promise<unknown>]>([
    ['a retry', (one) => queue.one.retry(queue.keys, failure(one), 60_000)],
    ['the last failure', (one) => queue.one.bury(queue.keys, failure(one), 10)],
    [
      'a release',
      ({ place, entryId, token }) =>
        queue.one.release(queue.keys, [{ ref: { place, entryId }, token, begun: true }], 60_000),
    ],
    [
      'a hold',
      ({ place, entryId, token, readyAt }) =>
        queue.one.hold(queue.keys, [
          {
            ref: { place, entryId },
            token,
            priority: 'normal',
            readyAt,
            reason: 'task:echo',
            refusers: [],
            expiresAt: undefined,
          },
        ]),
    ],
    [
      'an enforced cancel',
      async ({ place, entryId }) => {
        const ref = { place, entryId };
        await cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000);
        await redis.client.hset(queue.keys.notes, `${formatRef(ref)}:c`, 1);
        await cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000, 'enforce');
      },
    ],
    [
      'the end of a lease',
      async () => {
        await redis.client.zadd(queue.keys.leases, 1, 'one');
        await recover(redis.client, queue.keys);
      },
    ],
    [
      'a completion that takes nothing',
      (one) => complete(queue.one, queue.keys, [completionOf(one, 'completed', '1')]),
    ],
  ])('%s', async (_, move) => {
    await submitMany(5);
    const { deliveries } = await takeAs(queue.one, { count: 2 });
    expect(await tokens()).toBe(0);
    const [one, other] = deliveries as [Delivery, Delivery];
    await move(one, other);
    expect(await tokens()).toBeGreaterThanOrEqual(1);
    expect((await takeAs(queue.two, { count: 10 })).deliveries.length).toBeGreaterThanOrEqual(1);
  });

  it('not where there is no limit', async () => {
    await redis.client.del(queue.keys.settings);
    await submitMany(5);
    const { deliveries } = await takeAs(queue.one, { count: 2 });
    const [one, other] = deliveries as [Delivery, Delivery];
    await queue.one.retry(queue.keys, failure(one), 60_000);
    await complete(queue.one, queue.keys, [completionOf(other, 'completed', '1')]);
    expect(await tokens()).toBe(0);
  });

  it('and a take that could bring more, had it asked for more', async () => {
    await submitMany(5);
    await takeAs(queue.one, { count: 1 });
    expect(await tokens()).toBe(1);
    await takeAs(queue.two, { count: 1 });
    expect(await tokens()).toBe(1);
  });

  it('a worker that was woken and cannot take passes the token on', async () => {
    await submitMany(2);
    await redis.client.xadd(queue.keys.wake, '*', 'w', '1');
    const args = ['COUNT', 1, 'STREAMS', queue.keys.wake, '>'] as const;
    const reply = await redis.client.xreadgroup('GROUP', GROUP, 'one', ...args);
    await takeAs(queue.one, { count: 0, tokens: [reply?.[0]?.[1][0]?.[0] ?? ''] });
    expect(await tokens()).toBe(1);
  });

  it('a lease that ends without jobs may have been woken for them', async () => {
    await redis.client.zadd(queue.keys.leases, 1, 'one');
    await recover(redis.client, queue.keys);
    expect(await tokens()).toBe(1);
  });

  it('but the recovery wakes nobody for due jobs while the limit is reached', async () => {
    const [first] = await submitMany(4);
    await takeAs(queue.one, { count: 2 });
    await queue.retry(first as Ref, 0);
    await takeAs(queue.one, { count: 2 });
    await queue.submit({ at: 1 }, 'parked');
    const before = await tokens();
    await recover(redis.client, queue.keys);
    expect(await tokens()).toBe(before);
    await limitTo(3);
    await recover(redis.client, queue.keys);
    expect(await tokens()).toBe(before + 1);
  });
});
