import { expect } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { type Job, withEachClient } from '../each-client.ts';

const redis = useRedis();
const api = useApi(redis);

const newQueue = () => `work-${String(Math.random()).slice(2)}`;
const runs = (id: string) => until(async () => (await api.get(id)).status === 'running', 'the job to run');

withEachClient(
  () => ({ url: api.origin }),
  (scenario) => {
    const working = scenario.needs('work', 'work.stop');

    working('works on jobs over HTTP', async ({ driver, run }) => {
      const queue = newQueue();
      await driver.call('work', { queue, concurrency: 4 });
      const payloads = Array.from({ length: 20 }, (_, n) => ({ n, text: 'ü 🎉' }));
      const results = await Promise.all(payloads.map((payload) => run('echo', payload, { queue })));
      expect(results).toEqual(payloads);
      await driver.call('work.stop');
    });

    working('says why a job of its worker failed, and tries it again', async ({ driver, submit }) => {
      const queue = newQueue();
      await driver.call('work', { queue });
      const backoff = { type: 'fixed', delay: 10 };
      const id = await submit('fail', { name: 'ValueError' }, { queue, attempts: 2, backoff });
      const fault = await driver.faultOf('result', { id });
      expect(fault.message).toContain('it failed');
      expect((await driver.call<Job>('get', { id }))['errors']).toHaveLength(2);
      await driver.call('work.stop');
    });

    working('reports progress and lines of the log', async ({ driver, submit }) => {
      const queue = newQueue();
      await driver.call('work', { queue });
      const id = await submit('steps', null, { queue });
      await driver.call('wait', { id });
      const events = await api.http.get(`/queues/${queue}/history?type=progress`);
      expect(events.body.items).toMatchObject([{ job: id, progress: { step: 1 } }]);
      const log = await api.http.get(`/jobs/${id}/logs`);
      expect(log.body.items).toMatchObject([{ message: 'one step' }]);
      await driver.call('work.stop');
    });

    working('stops a job that is cancelled', async ({ driver, submit }) => {
      const queue = newQueue();
      await driver.call('work', { queue });
      const id = await submit('sleep', { ms: 600_000 }, { queue });
      await runs(id);
      await driver.call('cancel', { id });
      expect((await driver.call<Job>('wait', { id })).status).toBe('cancelled');
      await driver.call('work.stop');
    });

    working('runs side by side as many jobs as it may', async ({ driver, submit }) => {
      const queue = newQueue();
      await driver.call('work', { queue, concurrency: 2 });
      const ids = [1, 2, 3].map(() => submit('sleep', { ms: 1_000 }, { queue }));
      await until(
        async () => (await api.http.get(`/queues/${queue}`)).body.counts.running === 2,
        'two that run',
      );
      for (const id of ids) await driver.call('wait', { id: await id });
      await driver.call('work.stop');
    });

    working('finishes its jobs when it is stopped', async ({ driver, submit }) => {
      const queue = newQueue();
      await driver.call('work', { queue });
      const id = await submit('sleep', { ms: 500 }, { queue });
      await runs(id);
      await driver.call('work.stop');
      expect((await driver.call<Job>('get', { id })).status).toMatch(/completed|queued/);
    });
  },
);
