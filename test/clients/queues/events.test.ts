import { expect } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';
import { type Client, withEachClient } from '../each-client.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);

const done = async ({ driver, submit }: Client, task: string, payload: unknown = null, options = {}) => {
  const id = await submit(task, payload, options);
  await driver.call('wait', { id });
  return id;
};

withEachClient(
  () => ({ url: api.origin }),
  (scenario) => {
    scenario.needs('follow')('follows a job from its start to its end', async ({ driver, submit }) => {
      const id = await submit('echo', 'x', { delay: 500 });
      const following = await driver.follow({ job: id });
      await following.until(({ end }) => end !== undefined, 'the end of the stream');
      expect(following.end).toBeNull();
      expect(following.types[0]).toBe('job');
      expect(following.messages.at(-1)).toMatchObject({ type: 'completed', snapshot: { id, result: 'x' } });
    });

    scenario.needs('follow')('shows progress and lines of the log', async ({ driver, submit }) => {
      const id = await submit('log-lines', { lines: 2 }, { attempts: 1, delay: 300 });
      const following = await driver.follow({ job: id });
      await following.until(({ end }) => end !== undefined, 'the end of the stream');
      expect(following.types).toEqual(expect.arrayContaining(['job', 'started', 'log', 'failed']));
    });

    scenario.needs('follow')('ends at once for a job that has ended', async (client) => {
      const id = await done(client, 'echo');
      const following = await client.driver.follow({ job: id });
      await following.until(({ end }) => end !== undefined, 'the end of the stream');
      expect(following.types).toEqual(['job']);
    });

    scenario.needs('follow')('says that there is no such job to follow', async ({ driver }) => {
      const following = await driver.follow({ job: 'nowhere~n1-0' });
      await following.until(({ end }) => end !== undefined, 'the end of the stream');
      expect(following.end).toMatchObject({ code: 'job-not-found', status: 404 });
    });

    scenario.needs('follow', 'unfollow')('follows a queue, only the types that it wants', async (client) => {
      const { driver } = client;
      const id = await done(client, 'echo');
      const following = await driver.follow({ queue: 'default', types: ['completed'], lastEventId: '0-0' });
      await following.until(({ messages }) => messages.some(({ job }) => job === id), 'the event');
      expect(new Set(following.types)).toEqual(new Set(['completed']));
      await driver.call('unfollow', { call: following.call });
    });

    scenario.needs('follow', 'unfollow')('follows all queues', async (client) => {
      const { driver, submit } = client;
      const following = await driver.follow({ lastEventId: '0-0' });
      const elsewhere = await submit('echo', null, { queue: `else-${String(Math.random()).slice(2)}` });
      await driver.call('cancel', { id: elsewhere });
      const id = await done(client, 'echo');
      const isThere = (job: string) => following.messages.some((message) => message['job'] === job);
      await following.until(() => isThere(id) && isThere(elsewhere), 'events of both queues');
      await driver.call('unfollow', { call: following.call });
    });

    scenario.needs('follow', 'unfollow')('goes on after an event that it names', async (client) => {
      const { driver } = client;
      const first = await done(client, 'echo');
      const start = await driver.follow({ queue: 'default', types: ['completed'], lastEventId: '0-0' });
      await start.until(({ messages }) => messages.some(({ job }) => job === first), 'the first event');
      await driver.call('unfollow', { call: start.call });
      const second = await done(client, 'echo');
      const lastEventId = start.messages.find(({ job }) => job === first)?.id;
      const rest = await driver.follow({ queue: 'default', types: ['completed'], lastEventId });
      await rest.until(({ messages }) => messages.some(({ job }) => job === second), 'the second event');
      expect(rest.messages.map(({ job }) => job)).not.toContain(first);
      await driver.call('unfollow', { call: rest.call });
    });
  },
);
