import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { JSON_TYPE } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue } from '../../helpers/leases/http-worker.ts';
import { isOnCluster, until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

/** Longer than the time after which a watched queue is checked for delayed jobs. */
const WINDOW_MS = 2_500;
const MOST_SENT = 25;

/** Number of commands of the kinds that polls and maintenance send, without those inside scripts. */
async function commandsSent(): Promise<number> {
  const stats = await redis.client.info('commandstats');
  const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  const names = ['evalsha', 'xread', 'xrevrange', 'smismember', 'sadd', 'zadd', 'hmget', 'hgetall'];
  return names.reduce((sum, name) => sum + calls(name), 0);
}

// Each slot of a Cluster has a read of its own.
it.each(isOnCluster ? [1] : [1, 25])(
  'five hundred waiting polls for %i queues send Redis almost no commands',
  async (count) => {
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
      const sentInWindow = async () => {
        const before = await commandsSent();
        await sleep(WINDOW_MS);
        return (await commandsSent()) - before;
      };
      // The takes of new polls may fall into the first window.
      await until(async () => (await sentInWindow()) < MOST_SENT, 'a window without commands of polls');
      expect(polls).toEqual([]);
      // The first poll gets the job.
      await api.submit({ queue: queues[0], task: 'work' });
      await expect.poll(() => polls.length).toBe(1);
    } finally {
      for (const poll of open) poll.destroy();
    }
  },
);
