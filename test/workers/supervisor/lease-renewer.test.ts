import { expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import type { FromSupervisor } from '../../../workers/supervisor/ipc.ts';
import { LeaseRenewer } from '../../../workers/supervisor/lease-renewer.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const LEASE_MS = 30_000;

function create(queueNames: readonly string[], consumers: readonly string[]) {
  const sent: [string, FromSupervisor][] = [];
  const lost: unknown[] = [];
  const queues = queueNames.map((queue) => queueKeys('mr', queue));
  const renewer = new LeaseRenewer({
    core: { redis: redis.client, clock: systemClock },
    queues,
    supervisor: {
      livingConsumers: () => [...consumers],
      send: (consumer, message) => sent.push([consumer, message]),
    },
    leaseMs: LEASE_MS,
    onLost: (consumer, queue, registeredAt) => lost.push([consumer, queue, registeredAt > 0]),
  });
  return { renewer, queues, sent, lost };
}

it('renews the leases of all living processes in each queue, and reports it to them', async () => {
  const { renewer, queues, sent, lost } = create(['a', 'b'], ['one', 'two']);
  for (const keys of queues) await extendLease(redis.client, keys, 'new', ['one', 'two'], 1_000);
  expect(await renewer.run()).toBe(LEASE_MS / 3);
  for (const keys of queues) {
    for (const consumer of ['one', 'two']) {
      expect(Number(await redis.client.zscore(keys.leases, consumer))).toBeGreaterThan(Date.now() + 2_000);
    }
  }
  expect(sent).toEqual([
    ['one', { type: 'lease-renewed' }],
    ['two', { type: 'lease-renewed' }],
  ]);
  expect(lost).toEqual([]);
});

it('renews them every second time by the time that Redis told last', async () => {
  const { renewer, queues } = create(['told'], ['one', 'two']);
  const [keys] = queues;
  const leases = keys?.leases ?? '';
  await renewer.run();
  await redis.client.zadd(leases, 1, 'one', 1, 'two');
  await redis.client.config('RESETSTAT');
  await renewer.run();
  expect(await redis.client.info('commandstats')).not.toContain('cmdstat_evalsha');
  for (const consumer of ['one', 'two']) {
    const leftMs = Number(await redis.client.zscore(leases, consumer)) - Date.now();
    expect(leftMs).toBeGreaterThan(LEASE_MS - 5_000);
    expect(leftMs).toBeLessThanOrEqual(LEASE_MS + 5);
  }
  await renewer.run();
  expect(await redis.client.info('commandstats')).toContain('cmdstat_evalsha');
});

it('reports a lease that had expired, which it registers again', async () => {
  const { renewer, queues, lost } = create(['gone'], ['one']);
  await renewer.run();
  expect(lost).toEqual([['one', 'gone', true]]);
  expect(await redis.client.zcard(queues[0]?.leases ?? '')).toBe(1);
  await renewer.run();
  expect(lost).toHaveLength(1);
  await renewer.run();
  await redis.client.del(queues[0]?.leases ?? '');
  await renewer.run();
  expect(lost).toHaveLength(2);
});

it('renews nothing while no process lives', async () => {
  const { renewer, queues } = create(['none'], []);
  await renewer.run();
  expect(await redis.client.exists(queues[0]?.leases ?? '')).toBe(0);
});
