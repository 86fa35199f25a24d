import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, untilConnected, useRedis } from '../../helpers/redis/server.ts';
import { readinessOf, scrape } from '../../helpers/telemetry/scrape.ts';
import {
  spawnWorker,
  startWorker,
  type TestWorker,
  useWorker,
} from '../../helpers/workers/worker-process.ts';

const port = await freePort();
const origin = `http://127.0.0.1:${port}`;
const redis = useRedis();
const api = useApi(redis);
const worker = useWorker(redis, {
  QUEUES: 'a,b',
  PROCESSES: '2',
  CONCURRENCY: '2',
  LEASE_MS: '4000',
  HEALTH_PORT: String(port),
});

const untilReady = () => until(async () => (await readinessOf(origin)).ready, 'a ready worker');

/** Resolves once the worker is not ready for such a reason. Between `trouble` may be made again. */
const untilNotReady = (reason: RegExp, trouble: () => Promise<unknown> = async () => undefined) =>
  until(async () => {
    await trouble();
    const { status, ready, reasons } = await readinessOf(origin);
    return status === 503 && !ready && reasons.find((one) => reason.test(one));
  }, `not ready: ${reason}`);

const childPids = () => [
  ...new Set(
    worker.worker.lines.filter(({ msg }) => msg === 'child-started').map((line) => Number(line['pid'])),
  ),
];

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-health-'));
  await untilReady();
});
afterAll(() => rm(dir, { recursive: true }));

describe('a worker with HEALTH_PORT', () => {
  it('is alive and ready', async () => {
    expect(await (await fetch(`${origin}/livez`)).json()).toEqual({ alive: true });
    expect(await readinessOf(origin)).toEqual({ status: 200, ready: true, reasons: [] });
  });

  it('is not ready while a process is suspended', async () => {
    const [pid = 0] = childPids();
    process.kill(pid, 'SIGSTOP');
    expect(await untilNotReady(/suspended/)).toBe(`Process ${pid}: it is suspended.`);
    process.kill(pid, 'SIGCONT');
    await untilReady();
  });

  it('is not ready while a task blocks the event loop of a process', async () => {
    const file = join(dir, 'go');
    await api.submit({ task: 'block', queue: 'a', payload: { until: file } });
    await untilNotReady(/^Process \d+: its event loop has not moved for \d\.\d s\.$/);
    await writeFile(file, '');
    await untilReady();
  });

  it('is not ready while a process has gone', async () => {
    const [pid = 0] = childPids();
    process.kill(pid, 'SIGKILL');
    expect(await untilNotReady(/processes have started/)).toBe('1 of 2 processes have started.');
    await untilReady();
  });

  it('is not ready without its lease', async () => {
    const { leases } = queueKeys('mr', 'b');
    // The worker registers a lost lease again at once.
    await untilNotReady(/^Process \d+: its lease on queue b does not stand\.$/, () =>
      redis.client.del(leases),
    );
    await untilReady();
  });

  it('is not ready while the reads of a queue do not come back', async () => {
    const { wake } = queueKeys('mr', 'b');
    await redis.client.rename(wake, `${wake}-aside`);
    await redis.client.set(wake, 'no stream');
    await untilNotReady(/^Process \d+: it has not read queue (a|b) for \d+\.\d s\.$/);
    await redis.client.rename(`${wake}-aside`, wake);
    await untilReady();
  });

  it('is not ready while Redis hangs, and says so in time', async () => {
    await redis.client.client('PAUSE', 4_000);
    const startedAt = performance.now();
    const { status, reasons } = await readinessOf(origin);
    expect([status, reasons]).toEqual([503, ['Redis does not answer: it has said nothing for 1000 ms.']]);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await untilReady();
  });

  it('is ready again after Redis has cut its connections', async () => {
    await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal');
    await untilConnected(redis.client);
    await untilReady();
  });
});

describe('the metrics of a worker', () => {
  it('count with those of the API each job once, however many processes ran them', async () => {
    const jobs = [
      ...Array.from({ length: 40 }, (_, i) => ({ task: 'echo', queue: 'm', payload: i })),
      { task: 'flaky', queue: 'm', payload: { until: 3 } },
      { task: 'fail', queue: 'm', attempts: 1, payload: {} },
      { task: 'echo', queue: 'm', delay: '1h' },
    ];
    const own = await freePort();
    const other = await startWorker(redis.url, { QUEUES: 'm', PROCESSES: '2', HEALTH_PORT: String(own) });
    await api.http.post('/jobs/batch').send({ jobs }).expect(207);
    await until(async () => {
      const { counts } = (await api.http.get('/queues/m/stats')).body;
      return counts.queued + counts.running + counts.retrying === 0;
    }, 'the end of the jobs');
    const { totals } = (await api.http.get('/queues/m/stats')).body;
    const count = async (event: string) => {
      const all = await Promise.all([scrape(api.origin), scrape(`http://127.0.0.1:${own}`)]);
      return all.reduce(
        (sum, metrics) => sum + (metrics.value('millrace_jobs_total', { queue: 'm', event }) ?? 0),
        0,
      );
    };
    for (const event of ['submitted', 'completed', 'retried', 'failed', 'cancelled']) {
      await until(async () => (await count(event)) >= totals[event], `${totals[event]} ${event}`);
      expect(await count(event), event).toBe(totals[event]);
    }
    const metrics = await scrape(`http://127.0.0.1:${own}`);
    expect(metrics.value('millrace_job_wait_seconds_count', { queue: 'm', task: 'flaky' })).toBe(3);
    expect(metrics.value('millrace_job_run_seconds_count', { queue: 'm', task: 'echo' })).toBe(40);
    expect(metrics.value('millrace_ready')).toBe(1);
    expect(metrics.value('millrace_redis_up')).toBe(1);
    await other.stop();
  });
});

describe('a worker that starts', () => {
  const exitOf = async (started: TestWorker) => (await once(started.process, 'exit'))[0];

  it('ends at once when HEALTH_PORT is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const taken = (holder.address() as AddressInfo).port;
    const started = spawnWorker(redis.url, { HEALTH_PORT: String(taken) });
    expect(await exitOf(started)).toBe(1);
    expect(started.stderr).toMatch(/EADDRINUSE.*Set HEALTH_PORT to a free port/);
    holder.close();
  });

  it('is not ready without Redis, and says why', async () => {
    const own = await freePort();
    const started = spawnWorker('redis://127.0.0.1:1', { HEALTH_PORT: String(own), METRICS: 'off' });
    const at = `http://127.0.0.1:${own}`;
    const isUp = () =>
      fetch(`${at}/livez`).then(
        () => true,
        () => false,
      );
    await until(isUp, 'the port');
    const reasons = (await readinessOf(at)).reasons;
    expect(reasons[0]).toMatch(/^Redis does not answer: connect ECONNREFUSED/);
    expect((await fetch(`${at}/metrics`)).status).toBe(404);
    await started.stop('SIGKILL');
  });
});
