import { expect, it } from 'vitest';
import { Consumer } from '../../../src/lifecycle/consumer.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { LeaseWatch } from '../../../workers/process/lease-watch.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';

const redis = useRedis();
const LEASE_MS = 30_000;

it('asks Redis for the lease only when the supervisor has been silent for the length of a lease', async () => {
  const clock = createManualClock();
  const lost: string[] = [];
  const queues = ['kept', 'gone'].map((queue) => queueKeys('mr', queue));
  const [kept] = queues;
  if (kept === undefined) throw new Error('two queues');
  await extendLease(redis.client, kept, 'new', ['one'], LEASE_MS);
  const consumer = new Consumer('one', redis.client);
  const onLost = (queue: string) => lost.push(queue);
  const watch = new LeaseWatch({ consumer, queues, leaseMs: LEASE_MS, clock, onLost });
  clock.advance(LEASE_MS - 1);
  expect(await watch.run()).toBe(LEASE_MS / 3);
  watch.renewed();
  clock.advance(LEASE_MS - 1);
  await watch.run();
  expect(lost).toEqual([]);
  clock.advance(1);
  await watch.run();
  expect(lost).toEqual(['gone']);
});
