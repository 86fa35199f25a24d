import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { withdrawGone } from '../../../src/local/dev/gone-tasks.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { announceTasks } from '../../../src/tasks/announcements.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

it('withdraws tasks in the queues of the worker alone', async () => {
  const queues = ['mails', 'images-small', 'words'];
  await redis.client.sadd('mr:queues', ...queues);
  for (const queue of queues)
    await announceTasks(redis.client, queueKeys('mr', queue), [{ name: 'fib' }, { name: 'echo' }]);
  const config = loadConfig({ REDIS_URL: redis.url, QUEUES: 'mails,images-*' });
  await withdrawGone(config, ['fib']);
  const left = queues.map((queue) => redis.client.hkeys(queueKeys('mr', queue).tasks));
  const names = (await Promise.all(left)).map((fields) => fields.map((field) => field.split('\n')[0]).sort());
  expect(names).toEqual([['echo'], ['echo'], ['echo', 'fib']]);
});

it('says why it cannot, and asks nothing when no task is gone', async () => {
  const config = loadConfig({ REDIS_URL: 'redis://127.0.0.1:1' });
  await withdrawGone(config, []);
  await expect(withdrawGone(config, ['fib'], 200)).rejects.toThrow(/^Redis is not reached: .*ECONNREFUSED/);
});
