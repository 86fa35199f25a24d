import { expect } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';
import { type Client, type Job, withEachClient } from '../each-client.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis, { QUEUES: 'default,dead-*' });

interface Queue {
  readonly paused: boolean;
  readonly pausedUntil?: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** The worker serves it, and no other client has used it. */
const newDeadQueue = () => `dead-${String(Math.random()).slice(2)}`;

/** Jobs of the queue that failed for good. */
async function failed({ driver, submit }: Client, queue: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const id = await submit('fail', { retryable: false }, { queue, tags: [`n${n}`] });
    await driver.call('wait', { id });
  }
}

withEachClient(
  () => ({ url: api.origin }),
  (scenario) => {
    scenario.needs(
      'queue.pause',
      'queue.resume',
      'queue.get',
    )('pauses and resumes a queue', async ({ driver, submit }) => {
      const queue = { name: 'default' };
      expect((await driver.call<Queue>('queue.pause', queue)).paused).toBe(true);
      const id = await submit('echo', 'held');
      expect((await driver.call<Queue>('queue.get', queue)).counts['queued']).toBe(1);
      await driver.call('queue.resume', queue);
      expect(await driver.call('result', { id })).toBe('held');
    });

    scenario.needs('queue.pause')('pauses a queue for a time', async ({ driver }) => {
      const queue = await driver.call<Queue>('queue.pause', { name: 'for-a-time', for: '1h' });
      expect(Date.parse(queue.pausedUntil ?? '')).toBeGreaterThan(Date.now());
    });

    scenario.needs('queue.stats')('counts the jobs of a queue', async ({ driver, submit }) => {
      const queue = `counted-${Math.random()}`;
      await submit('echo', 1, { queue, priority: 'high' });
      await submit('echo', 2, { queue, delay: '1h' });
      expect(await driver.call('queue.stats', { name: queue })).toMatchObject({
        counts: { queued: 1, scheduled: 1 },
        lanes: { high: 1, normal: 0 },
      });
    });

    scenario.needs('queue.set', 'queue.get')('sets limits of a queue, and ends them', async ({ driver }) => {
      const name = 'limited';
      const settings = { concurrency: 2, rate: { limit: 10, per: '1s' }, perKey: { concurrency: 1 } };
      expect(await driver.call('queue.set', { name, settings })).toMatchObject({
        concurrency: 2,
        rate: { limit: 10, per: 1_000 },
      });
      const free = await driver.call<object>('queue.set', {
        name,
        settings: { rate: null, concurrency: null },
      });
      expect(free).not.toHaveProperty('rate');
      expect(free).toMatchObject({ perKey: { concurrency: 1 } });
    });

    scenario.needs('queue.jobs')('lists the jobs of a queue, page by page', async ({ driver, submit }) => {
      const queue = `listed-${Math.random()}`;
      for (let n = 0; n < 5; n += 1) await submit('echo', n, { queue });
      const jobs = await driver.call<Job[]>('queue.jobs', { name: queue, filter: { limit: 2 } });
      expect(jobs.map(({ payload }) => payload)).toEqual([0, 1, 2, 3, 4]);
    });

    scenario.needs('queue.remove', 'queue.get')('removes an empty queue only', async ({ driver, submit }) => {
      const name = `removed-${Math.random()}`;
      const id = await submit('echo', 1, { queue: name });
      expect(await driver.faultOf('queue.remove', { name })).toMatchObject({
        code: 'queue-not-empty',
        status: 409,
      });
      await driver.call('cancel', { id });
      expect(await driver.call('queue.remove', { name })).toBeNull();
    });

    scenario.needs('dead.list', 'dead.purge')('lists and purges dead letters', async (client) => {
      const { driver } = client;
      const name = newDeadQueue();
      await failed(client, name, 3);
      const jobs = await driver.call<Job[]>('dead.list', { name });
      expect(jobs.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
      expect(await driver.call('dead.purge', { name, filter: { tag: 'n1' } })).toBe(1);
      expect(await driver.call('dead.purge', { name })).toBe(2);
    });

    scenario.needs('dead.retry', 'queue.pause')('retries dead letters, step by step', async (client) => {
      const { driver } = client;
      const name = newDeadQueue();
      await failed(client, name, 5);
      await driver.call('queue.pause', { name });
      expect(await driver.call('dead.retry', { name, filter: { limit: 2, error: 'it failed' } })).toBe(5);
      expect((await driver.call<Queue>('queue.get', { name })).counts).toMatchObject({
        failed: 0,
        queued: 5,
      });
    });

    scenario.needs('queue.history')('reads past events', async ({ driver, submit }) => {
      const id = await submit('echo');
      await driver.call('wait', { id });
      const events = await driver.call<{ type: string; job?: string }[]>('queue.history', {
        name: 'default',
      });
      const types = events.filter(({ job }) => job === id).map(({ type }) => type);
      expect(types).toEqual(['started', 'completed']);
    });

    scenario.needs(
      'subscriptions.put',
      'subscriptions.read',
      'subscriptions.ack',
    )('reads a durable subscription, and acknowledges', async ({ driver, submit }) => {
      const of = { name: 'default', sub: `sub-${String(Math.random()).slice(2)}` };
      await driver.call('subscriptions.put', { ...of, settings: { from: 'now' } });
      const id = await submit('echo');
      await driver.call('wait', { id });
      const { events } = await driver.call<{ events: { id: string; job?: string }[] }>(
        'subscriptions.read',
        of,
      );
      expect(events.every(({ job }) => job === id)).toBe(true);
      const upTo = events.at(-1)?.id;
      expect(await driver.call('subscriptions.ack', { ...of, upTo })).toMatchObject({ unacked: 0 });
    });

    scenario.needs('workers.list', 'tasks.list')('lists workers and their tasks', async ({ driver }) => {
      const workers = await driver.call<{ kind: string }[]>('workers.list');
      expect(workers.map(({ kind }) => kind)).toContain('typescript');
      const tasks = await driver.call<{ name: string }[]>('tasks.list');
      expect(tasks.map(({ name }) => name)).toContain('echo');
    });

    scenario.needs('queue.set', 'queue.keys')('lists the keys of a queue', async ({ driver }) => {
      await driver.call('queue.set', { name: 'keyed', settings: { perKey: { concurrency: 1 } } });
      expect(await driver.call('queue.keys', { name: 'keyed' })).toEqual([]);
    });

    scenario.needs(
      'schedules.put',
      'schedules.run',
      'schedules.remove',
    )('keeps, runs and removes a schedule', async ({ driver }) => {
      const schedule = `daily-${String(Math.random()).slice(2)}`;
      const definition = {
        cron: '0 9 * * MON-FRI',
        timeZone: 'Europe/Berlin',
        job: { task: 'echo', payload: 'slot' },
      };
      const put = { schedule, definition };
      expect(await driver.call('schedules.put', put)).toMatchObject({ id: schedule, cron: definition.cron });
      expect((await driver.call<unknown[]>('schedules.list')).length).toBeGreaterThan(0);
      const { id } = await driver.call<Job>('schedules.run', { schedule });
      expect(await driver.call('result', { id })).toBe('slot');
      expect(await driver.call('schedules.remove', { schedule })).toBeNull();
      expect(await driver.faultOf('schedules.get', { schedule })).toMatchObject({
        code: 'schedule-not-found',
      });
    });

    scenario.needs(
      'schedules.preview',
      'schedules.pause',
      'schedules.resume',
    )('pauses a schedule, which then has no next time', async ({ driver }) => {
      const schedule = `paused-${String(Math.random()).slice(2)}`;
      await driver.call('schedules.put', { schedule, definition: { every: '1h', job: { task: 'echo' } } });
      expect(await driver.call('schedules.preview', { schedule, n: 3 })).toHaveLength(3);
      expect(await driver.call('schedules.pause', { schedule })).toMatchObject({ paused: true });
      expect(await driver.call('schedules.preview', { schedule, n: 3 })).toEqual([]);
      expect(await driver.call('schedules.resume', { schedule })).toMatchObject({ paused: false });
    });

    scenario.needs('schedules.preview')('previews a schedule that is not stored', async ({ driver }) => {
      const definition = { cron: '0 9 * * *', startAt: '2099-01-01T00:00:00Z' };
      expect(await driver.call('schedules.preview', { definition, n: 2 })).toEqual([
        '2099-01-01T09:00:00.000Z',
        '2099-01-02T09:00:00.000Z',
      ]);
    });

    scenario.needs('schedules.put')('says what is wrong with a schedule', async ({ driver }) => {
      const definition = { cron: 'every day', job: { task: 'echo' } };
      const fault = await driver.faultOf('schedules.put', { schedule: 'wrong', definition });
      expect(fault).toMatchObject({ code: 'invalid-request', status: 400 });
    });
  },
);
