import { expect, it } from 'vitest';
import { QueueOperator } from '../../src/queues/queue-operator.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('pauses and resumes a queue, and registers it', async () => {
  const core = createTestCore(redis.client);
  const operator = new QueueOperator(core);
  expect(await operator.setPaused('q', true)).toMatchObject({ name: 'q', paused: true });
  expect(await core.queues.names()).toEqual(['q']);
  expect(await operator.setPaused('q', false)).toMatchObject({ paused: false });
});

it('sets, keeps and removes the limit of a queue, which submits see at once', async () => {
  const core = createTestCore(redis.client);
  const operator = new QueueOperator(core);
  const keys = core.keySpace.queue('limited');
  expect(await core.submitSettings.isSet(keys)).toBe(false);
  expect(await operator.configure('limited', { maxJobs: 5 })).toMatchObject({ maxJobs: 5 });
  expect(core.submitSettings.isSet(keys)).toBe(true);
  expect(await operator.configure('limited', {})).toMatchObject({ maxJobs: 5 });
  expect(await operator.configure('limited', { maxJobs: null })).not.toHaveProperty('maxJobs');
  expect(core.submitSettings.isSet(keys)).toBe(false);
});

it('answers queue-not-found for dead letters of a queue that does not exist', async () => {
  const operator = new QueueOperator(createTestCore(redis.client));
  await expect(operator.retryDead('missing', {})).rejects.toMatchObject({ code: 'queue-not-found' });
  await expect(operator.purgeDead('missing', {})).rejects.toMatchObject({ code: 'queue-not-found' });
});
