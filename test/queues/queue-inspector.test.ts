import { expect, it } from 'vitest';
import { QueueInspector } from '../../src/queues/queue-inspector.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { deliver, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('shows a queue that nobody has made as empty, and does not make it', async () => {
  const inspector = new QueueInspector(createTestCore(redis.client));
  const counts = { queued: 0, scheduled: 0, running: 0, retrying: 0, failed: 0 };
  expect(await inspector.summary('missing')).toMatchObject({ name: 'missing', counts });
  expect(await inspector.stats('missing')).toMatchObject({ queue: 'missing', counts, memoryBytes: 0 });
  expect(await inspector.list('missing', { limit: 1 })).toEqual({ items: [] });
  expect(await inspector.pending('missing', { limit: 1 })).toEqual({ items: [] });
  expect(await redis.client.dbsize()).toBe(0);
});

it('lists the running jobs of all queues up to a limit', async () => {
  const core = createTestCore(redis.client);
  const queues = ['a', 'b', 'c'];
  await core.queues.register(queues);
  for (const queue of queues) {
    await putQueued(redis.client, core.keySpace.queue(queue), [1, 2]);
    await deliver(redis.client, core.keySpace.queue(queue), 2);
  }
  const inspector = new QueueInspector(core);
  expect((await inspector.pendingOfAll({ limit: 100 })).items).toHaveLength(6);
  const five = await inspector.pendingOfAll({ limit: 5 });
  expect(five.items.map(({ queue }) => queue)).toEqual(['a', 'a', 'b', 'b', 'c']);
});

it('counts a job whose time is up as no longer queued, without a worker', async () => {
  const core = createTestCore(redis.client);
  const keys = core.keySpace.queue('expired');
  const [ref] = await putQueued(redis.client, keys, [1], { options: { x: 0 } });
  await redis.client.zadd(keys.expiring, 1, `n${ref?.entryId}`);
  const { counts, totals } = await new QueueInspector(core).stats('expired');
  expect([counts.queued, totals.expired]).toEqual([0, 1]);
});
