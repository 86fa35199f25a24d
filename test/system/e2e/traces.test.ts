import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrphanReaper, type OrphanReaper } from '../../../src/orphan-reaper.ts';
import { MIN_LEASE_MS } from '../../../src/schemas/lease.ts';
import { completing, newQueue, post, take, takeOne } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { type ReceivedSpan, useOtlpReceiver } from '../../helpers/telemetry/otlp-receiver.ts';
import { type ApiProcess, startApiProcess } from '../../helpers/workers/built-processes.ts';
import { spawnWorker, startWorker, useWorker } from '../../helpers/workers/worker-process.ts';

const [PRODUCER, CONSUMER, ERROR] = [4, 5, 2];
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CLIENT_SPAN = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${CLIENT_SPAN}-01`;

const redis = useRedis();
const collector = useOtlpReceiver();
const shared = useWorker(redis, {
  // The collector listens only once the tests begin.
  get OTEL_EXPORTER_OTLP_ENDPOINT() {
    return collector.url;
  },
  OTEL_SERVICE_NAME: 'jobs',
  OTEL_BSP_SCHEDULE_DELAY: '20',
});
let reaper: OrphanReaper;
let api: ApiProcess;

beforeAll(async () => {
  reaper = createOrphanReaper();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '20' };
  api = await startApiProcess(redis.url, reaper, env);
});
afterAll(async () => {
  await api.stop();
  reaper.end();
});

async function curl(job: object, ...more: string[]): Promise<Record<string, string>> {
  const args = ['-sS', '--json', JSON.stringify(job), '-H', `traceparent: ${TRACEPARENT}`, ...more];
  const { stdout } = await promisify(execFile)('curl', [...args, `${api.origin}/jobs?wait=30`]);
  return JSON.parse(stdout) as Record<string, string>;
}

const traceparentOf = ({ traceId, spanId }: ReceivedSpan) => `00-${traceId}-${spanId}-01`;

const durationMs = ({ startTimeUnixNano, endTimeUnixNano }: ReceivedSpan) =>
  Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6;

describe('the spans of a job', () => {
  it('lead from the submit of a client by curl through a retry to the end', async () => {
    const backoff = { type: 'fixed', delay: 1 };
    const job = await curl({ task: 'own-span', payload: { until: 2 }, backoff });
    expect(job, JSON.stringify(job)).toMatchObject({ status: 'completed', attempt: 2 });
    const [submit, first, second] = await collector.spansOf('messaging.message.id', job.id, 3);
    expect(submit).toMatchObject({
      service: 'millrace-api',
      name: 'submit default',
      kind: PRODUCER,
      traceId: TRACE_ID,
      parentSpanId: CLIENT_SPAN,
      attributes: {
        'messaging.system': 'millrace',
        'messaging.operation.name': 'submit',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'default',
        'millrace.task': 'own-span',
      },
    });
    expect(job.trace).toEqual({ traceparent: traceparentOf(submit as ReceivedSpan) });
    const attempt = {
      service: 'jobs',
      name: 'run default',
      kind: CONSUMER,
      traceId: TRACE_ID,
      parentSpanId: submit?.spanId,
      links: [{ traceId: TRACE_ID, spanId: submit?.spanId }],
    };
    expect(first).toMatchObject({
      ...attempt,
      status: { code: ERROR, message: 'not before attempt 2' },
      attributes: { 'millrace.attempt': 1, 'millrace.outcome': 'failed', 'error.type': 'TypeError' },
      events: [{ name: 'exception' }],
    });
    expect(['queued', 'retrying']).toContain(first?.attributes['millrace.job.status']);
    expect(second).toMatchObject({
      ...attempt,
      status: {},
      attributes: {
        'messaging.operation.type': 'process',
        'millrace.attempt': 2,
        'millrace.outcome': 'completed',
        'millrace.job.status': 'completed',
      },
    });
    // The handler passes the span of its attempt on, and its own spans are children of it.
    expect(job.result).toEqual({ traceparent: traceparentOf(second as ReceivedSpan) });
    const own = collector.spans.filter(({ name }) => name === 'own');
    expect(own.map(({ parentSpanId }) => parentSpanId)).toEqual([first?.spanId, second?.spanId]);
  });

  it('begin with the submit where the client names no trace', async () => {
    const { body: job } = await post(api, '/jobs?wait=30', { task: 'thread-trace' });
    const [submit, attempt] = await collector.spansOf('messaging.message.id', job.id, 2);
    expect(submit?.parentSpanId).toBeUndefined();
    expect(attempt).toMatchObject({ traceId: submit?.traceId, parentSpanId: submit?.spanId });
    expect(job.result).toEqual({ traceparent: traceparentOf(attempt as ReceivedSpan) });
  });

  it('tell of attempts of workers over HTTP, once they are settled', async () => {
    const queue = newQueue();
    const { body: job } = await post(api, '/jobs', {
      task: 'a',
      queue,
      backoff: { type: 'fixed', delay: 0 },
    });
    const { lease } = await takeOne(api, { queues: [queue] });
    await post(api, `/jobs/${job.id}/fail`, { lease, error: { message: 'no', name: 'Odd' } });
    const again = await take(api, { queues: [queue], waitMs: 5_000 });
    await post(api, `/leases/${again.lease}/settle`, completing([job.id]));
    const [submit, first, second] = await collector.spansOf('messaging.message.id', job.id, 3);
    const attempt = {
      service: 'millrace-api',
      name: `run ${queue}`,
      kind: CONSUMER,
      parentSpanId: submit?.spanId,
    };
    expect(first).toMatchObject({
      ...attempt,
      status: { code: ERROR, message: 'no' },
      attributes: { 'millrace.attempt': 1, 'error.type': 'Odd', 'messaging.client.id': expect.any(String) },
    });
    expect(second).toMatchObject({ ...attempt, status: {}, attributes: { 'millrace.attempt': 2 } });
  });

  it('tell of an attempt whose process was killed', async () => {
    const { body: job } = await post(api, '/jobs', { task: 'sleep', payload: { ms: 60_000 }, attempts: 1 });
    const isOfJob = (line: object) => 'job' in line && line.job === job.id;
    const { lease } = await shared.worker.line('attempt-started', isOfJob);
    const { pid } = await shared.worker.line('child-started', ({ consumer }) => consumer === lease);
    process.kill(Number(pid), 'SIGKILL');
    const [submit, lost] = await collector.spansOf('messaging.message.id', job.id, 2);
    const message = `The worker ${lease} was lost while it ran the job: SIGKILL`;
    expect(lost).toMatchObject({
      service: 'jobs',
      name: 'run default',
      kind: CONSUMER,
      traceId: submit?.traceId,
      parentSpanId: submit?.spanId,
      links: [{ spanId: submit?.spanId }],
      status: { code: ERROR, message },
      attributes: {
        'messaging.client.id': lease,
        'millrace.task': 'sleep',
        'millrace.attempt': 1,
        'millrace.outcome': 'lost',
        'millrace.job.status': 'retrying',
        'error.type': 'worker-lost',
      },
      events: [{ name: 'exception' }],
    });
    expect(durationMs(lost as ReceivedSpan)).toBeGreaterThan(0);
  });

  it('tell of an attempt over HTTP whose lease ran out', async () => {
    const queue = newQueue();
    const { body: job } = await post(api, '/jobs', { task: 'a', queue });
    await takeOne(api, { queues: [queue], leaseMs: MIN_LEASE_MS });
    await take(api, { queues: [queue], waitMs: 30_000 });
    const [submit, lost] = await collector.spansOf('messaging.message.id', job.id, 2);
    expect(lost).toMatchObject({
      service: 'millrace-api',
      parentSpanId: submit?.spanId,
      status: { code: ERROR, message: expect.stringMatching(/ was lost .*: its lease ran out$/) },
      attributes: { 'millrace.attempt': 1, 'millrace.outcome': 'lost', 'error.type': 'worker-lost' },
    });
    expect(durationMs(lost as ReceivedSpan)).toBeGreaterThanOrEqual(MIN_LEASE_MS);
  });

  it('have one submit for all jobs of a batch', async () => {
    const queue = newQueue();
    const { body } = await post(api, '/jobs/batch', {
      jobs: [{ task: 'a', queue }, { task: 'a', queue }, {}],
    });
    const [submit] = await collector.spansOf('messaging.destination.name', queue, 1);
    expect(submit).toMatchObject({
      name: `submit ${queue}`,
      attributes: { 'messaging.batch.message_count': 2 },
    });
    const { jobs } = await take(api, { queues: [queue], max: 2 });
    expect(body.items).toHaveLength(3);
    expect(jobs.map(({ trace }) => trace?.traceparent)).toEqual(
      [submit, submit].map((span) => traceparentOf(span as ReceivedSpan)),
    );
  });

  it('tell that a submit was refused, but not with which values', async () => {
    const { body } = await post(api, '/jobs', { task: 'secret-name' });
    expect(body.code).toBe('unknown-task');
    const [refused] = await collector.spansOf('error.type', 'unknown-task', 1);
    expect(refused).toMatchObject({ name: 'submit', status: { code: ERROR, message: 'unknown-task' } });
    expect(JSON.stringify(collector.spans)).not.toContain('secret-name');
  });

  it('link a rerun to the job that it repeats', async () => {
    const { body: job } = await post(api, '/jobs?wait=30', { task: 'echo', payload: 1, keepPayload: true });
    const { body: rerun } = await post(api, `/jobs/${job.id}/rerun`);
    const [submit] = await collector.spansOf('messaging.message.id', job.id, 2);
    const [again] = await collector.spansOf('messaging.message.id', rerun.id, 2);
    expect(again).toMatchObject({ kind: PRODUCER, links: [{ spanId: submit?.spanId }] });
    expect(again?.traceId).not.toBe(submit?.traceId);
  });
});

describe('a collector that is away', () => {
  it('costs a warning and no job, and does not hold up a stop', async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:hidden@127.0.0.1:1',
      OTEL_BSP_SCHEDULE_DELAY: '1',
    };
    const own = await startWorker(redis.url, { ...env, QUEUES: 'away', OTEL_EXPORTER_OTLP_TIMEOUT: '500' });
    const { body } = await post(api, '/jobs?wait=30', { task: 'echo', queue: 'away' });
    expect(body.status).toBe('completed');
    expect(await own.line('spans-lost')).toMatchObject({ level: 40, spans: 1 });
    await post(api, '/jobs?wait=30', { task: 'echo', queue: 'away' });
    const before = performance.now();
    expect(await own.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(JSON.stringify(own.lines) + own.stderr).not.toContain('hidden');
  });
});

it('a worker says at its start which setting is wrong', async () => {
  const own = spawnWorker(redis.url, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' });
  expect(await own.line('ready').catch(String)).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
});
