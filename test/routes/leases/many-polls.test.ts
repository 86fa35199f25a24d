import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { JSON_TYPE } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

/** Longer than the time after which a queue is looked at again. */
const WINDOW_MS = 2_500;
const MOST_SENT = 25;

/** Commands of the kinds that polls and upkeep send; what scripts do is not counted. */
async function commandsSent(): Promise<number> {
  const stats = await redis.client.info('commandstats');
  const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  const names = ['evalsha', 'xread', 'xrevrange', 'smismember', 'sadd', 'zadd', 'hmget', 'hgetall'];
  return names.reduce((sum, name) => sum + calls(name), 0);
}

it.each([1, 25])('five hundred polls that wait for %i queues cost Redis next to nothing', async (count) => {
  const queues = Array.from({ length: count }, newQueue);
  const polls: IncomingMessage[] = [];
  const { hostname, port } = new URL(api.origin);
  const open = Array.from({ length: 500 }, (_, i) => {
    const poll = request({ hostname, port, method: 'POST', path: '/leases', headers: JSON_TYPE });
    poll.on('error', () => undefined);
    poll.on('response', (answer) => polls.push(answer));
    poll.end(JSON.stringify({ queues: [queues[i % count]], waitMs: 30_000 }));
    return poll;
  });
  try {
    const sentMeanwhile = async () => {
      const before = await commandsSent();
      await sleep(WINDOW_MS);
      return (await commandsSent()) - before;
    };
    // What they ask for when they come may fall into the first window.
    await until(async () => (await sentMeanwhile()) < MOST_SENT, 'polls that ask for nothing');
    expect(polls).toEqual([]);
    // The first that came for it gets the job.
    await api.submit({ queue: queues[0], task: 'work' });
    await expect.poll(() => polls.length).toBe(1);
  } finally {
    for (const poll of open) poll.destroy();
  }
});
