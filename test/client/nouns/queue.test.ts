import { describe, expect, it } from 'vitest';
import { Millrace } from '../../../src/client/index.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);
const client = () => new Millrace({ url: api.origin });

async function submitTo(queue: string, count: number): Promise<void> {
  const jobs = Array.from({ length: count }, (_, n) => ({ task: 'echo', queue, payload: n }));
  await client().batch(jobs);
}

describe('a queue', () => {
  it('is paused, limited, counted and resumed', async () => {
    const queue = client().queue('settings');
    expect((await queue.pause({ for: '1h' })).pausedUntil).toBeDefined();
    expect((await queue.resume()).paused).toBe(false);
    expect((await queue.set({ maxJobs: 3, concurrency: null })).maxJobs).toBe(3);
    await submitTo('settings', 2);
    expect((await queue.stats()).counts.queued).toBe(2);
    expect((await queue.get()).counts.queued).toBe(2);
    const names = (await client().queues().first(100)).map(({ name }) => name);
    expect(names).toContain('settings');
  });

  it('gives all its jobs, page by page', async () => {
    await submitTo('pages', 7);
    const payloads: unknown[] = [];
    for await (const { payload } of client().queue('pages').jobs({ limit: 2 })) payloads.push(payload);
    expect(payloads).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('is emptied in steps, and removed', async () => {
    await submitTo('emptied', 5);
    const queue = client().queue('emptied');
    let steps = 0;
    expect(await queue.cancelJobs({ status: 'queued', limit: 2 }, { onStep: () => (steps += 1) })).toBe(5);
    expect(steps).toBeGreaterThan(2);
    await submitTo('emptied', 5);
    await expect(queue.remove()).rejects.toMatchObject({ code: 'queue-not-empty' });
    await queue.remove({ force: true });
    expect((await queue.get()).counts.queued).toBe(0);
  });

  it('has events and a history', async () => {
    const queue = client().queue('default');
    const job = await client().submit('echo');
    for await (const message of queue.events({ types: ['completed'], lastEventId: '0-0' })) {
      if ('job' in message && message.job === job.id) break;
    }
    const types = (await queue.history().first(10)).map(({ type }) => type);
    expect(types).toEqual(['started', 'completed']);
  });
});
