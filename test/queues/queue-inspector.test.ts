import { expect, it } from 'vitest';
import { QueueInspector } from '../../src/queues/queue-inspector.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { deliver, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('answers queue-not-found for a queue that does not exist', async () => {
  const inspector = new QueueInspector(createTestCore(redis.client));
  const missing = { code: 'queue-not-found' };
  await expect(inspector.stats('missing')).rejects.toMatchObject(missing);
  await expect(inspector.list('missing', { limit: 1 })).rejects.toMatchObject(missing);
  await expect(inspector.pending('missing', { limit: 1 })).rejects.toMatchObject(missing);
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
