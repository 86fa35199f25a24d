import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { Delivery } from '../../../src/lifecycle/consumer.ts';
import { NO_OBSERVER } from '../../../src/observer.ts';
import { Acceptor } from '../../../workers/intake/acceptor.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { createTestIntake, submitNumbers } from '../../helpers/workers/intake.ts';
import { take } from '../../helpers/workers/moves.ts';

const redis = useRedis();
let intake: Awaited<ReturnType<typeof createTestIntake>>;
afterEach(() => intake.close());

/** An intake with room for two jobs, and three deliveries that it has not seen yet. */
async function createAcceptor(queue: string) {
  intake = await createTestIntake(redis, [queue], 2);
  const { consumer, limiter, releaser, queues } = intake;
  const [keys] = queues;
  if (keys === undefined) throw new Error('one queue');
  await submitNumbers(redis, keys, [1, 2, 3]);
  const taken = await take(consumer, keys, { count: 3 });
  if (taken.kind !== 'taken') throw new Error('no lease');
  const acceptor = new Acceptor({ consumer, limiter, releaser, clock: systemClock, observe: NO_OBSERVER });
  const heldByRedis = async () => (await consumer.pendingDeliveries(keys)).length;
  return { acceptor, taken, heldByRedis };
}

const idsOf = (jobs: readonly Pick<Delivery, 'entryId'>[]) => jobs.map(({ entryId }) => entryId);
const heldIds = () => intake.limiter.held.map(({ delivery }) => delivery.entryId);

it('accepts all jobs of a take, and estimates the time of Redis from it', async () => {
  const { acceptor, taken } = await createAcceptor('take');
  acceptor.acceptTaken({ ...taken, now: taken.now + 50_000 });
  expect(heldIds()).toEqual(idsOf(taken.deliveries));
  expect(acceptor.redisNow - Date.now()).toBeGreaterThan(40_000);
});

it('accepts jobs of a read while there are free slots, and releases the others', async () => {
  const { acceptor, taken, heldByRedis } = await createAcceptor('read');
  acceptor.acceptRead(taken.deliveries);
  expect(heldIds()).toEqual(idsOf(taken.deliveries.slice(0, 2)));
  await intake.releaser.whenDone();
  expect(await heldByRedis()).toBe(2);
});

it('releases everything after a stop', async () => {
  const { acceptor, taken, heldByRedis } = await createAcceptor('stop');
  acceptor.stop();
  acceptor.acceptTaken(taken);
  expect(heldIds()).toEqual([]);
  await until(async () => (await heldByRedis()) === 0, 'the release of all jobs');
});
