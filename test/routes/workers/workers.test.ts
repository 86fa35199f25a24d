import { describe, expect, it } from 'vitest';
import { KeySpace } from '../../../src/redis/keyspace.ts';
import { MAX_POLL_MS } from '../../../src/schemas/lease.ts';
import { Worker, WorkerList } from '../../../src/schemas/workers/worker.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import {
  completing,
  consumerOf,
  newQueue,
  post,
  settle,
  submitMany,
  take,
  takeOne,
} from '../../helpers/leases/http-worker.ts';
import { isOnCluster, until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);

const workers = async (query = ''): Promise<Worker[]> =>
  (await api.http.get(`/workers${query}`).expect(200)).body.items;
const get = async (name: string): Promise<Worker> =>
  (await api.http.get(`/workers/${name}`).expect(200)).body;
const drain = (name: string) => api.http.post(`/workers/${name}/drain`);

describe('an HTTP worker', () => {
  it('is listed by its name, with what it takes and runs', async () => {
    const queue = newQueue();
    await submitMany(api, queue, 2);
    const { lease } = await take(api, {
      queues: [queue],
      max: 2,
      tasks: ['work'],
      worker: 'py-17@host-1',
    });
    const [worker] = await workers(`?queue=${queue}`);
    expectShape(Worker, worker);
    expect(worker).toMatchObject({
      name: 'py-17@host-1',
      kind: 'http',
      queues: [queue],
      tasks: ['work'],
      host: 'host-1',
      pid: 17,
      running: 2,
      leases: [consumerOf(lease)],
      draining: false,
    });
    expect(await get('py-17@host-1')).toMatchObject({ running: 2 });
    // As the job shows it.
    expect(await get(consumerOf(lease))).toMatchObject({ name: 'py-17@host-1' });
    expect(await workers(`?queue=${newQueue()}`)).toEqual([]);
  });

  it('comes in pages, ordered by name', async () => {
    const queue = newQueue();
    for (const worker of ['c', 'a', 'b']) await take(api, { queues: [queue], worker });
    const { body } = await api.http.get(`/workers?queue=${queue}&limit=2`).expect(200);
    expectShape(WorkerList, body);
    expect(body.items.map(({ name }: Worker) => name)).toEqual(['a', 'b']);
    const next = await workers(`?queue=${queue}&limit=2&cursor=${body.nextCursor}`);
    expect(next.map(({ name }) => name)).toEqual(['c']);
    expectProblem(await api.http.get('/workers?cursor=IA'), 400, 'invalid-request', ['/cursor']);
  });

  it('drains: its heartbeats say so, and neither takes nor settles bring it jobs', async () => {
    const queue = newQueue();
    const worker = 'drains@host';
    const [first] = await submitMany(api, queue, 3);
    const { lease } = await takeOne(api, { queues: [queue], worker });
    const { status, body } = await drain(worker);
    expect({ status, draining: body.draining }).toEqual({ status: 202, draining: true });
    const directive = async () => (await post(api, `/leases/${lease}/heartbeat`)).body['directive'];
    await until(async () => (await directive()) === 'drain', 'the directive');
    expect(await take(api, { queues: [queue], worker })).toMatchObject({ jobs: [], directive: 'drain' });
    const settled = await settle(api, lease, completing([first]), 1);
    expect(settled).toMatchObject({ items: [{ status: 200 }], jobs: [], directive: 'drain' });
    expect((await take(api, { queues: [queue], worker: 'other@host' })).jobs).toHaveLength(1);
    // Later the same name works again: the drain does not outlive it.
    await redis.client.zadd(new KeySpace('mr', isOnCluster).workers.draining, 1, worker);
    await until(async () => (await take(api, { queues: [queue], worker })).jobs.length === 1, 'a job');
  });

  it('drains though another API process was asked, and its waiting poll is answered', async () => {
    const queue = newQueue();
    const other = await startApi(redis.url);
    try {
      const worker = 'waits@host';
      const polled = take(api, { queues: [queue], worker, waitMs: MAX_POLL_MS });
      await until(async () => (await workers(`?queue=${queue}`)).length === 1, 'the worker');
      expect((await post(other, `/workers/${worker}/drain`)).status).toBe(202);
      expect(await polled).toMatchObject({ jobs: [], directive: 'drain' });
    } finally {
      await other.app.close();
    }
  });
});

it('answers 404 for an unknown worker', async () => {
  expectProblem(await api.http.get('/workers/nobody'), 404, 'worker-not-found');
  expectProblem(await drain('nobody'), 404, 'worker-not-found');
});

describe('a TypeScript worker', () => {
  it('is listed, finishes its jobs when it is drained, and exits with 0', async () => {
    const queue = newQueue();
    // No hard grace: the job takes longer than that of a signal.
    const env = { QUEUES: queue, PROCESSES: '2', SHUTDOWN_GRACE_MS: '1' };
    const program = await startWorker(redis.url, env);
    const { id } = await api.submit({ queue, task: 'sleep', payload: { ms: 2_500 } });
    await until(async () => (await api.get(id)).status === 'running', 'a running job');
    const worker = await until(async () => {
      const [found] = await workers(`?queue=${queue}`);
      return found?.leases.length === 2 && found.running === 1 && found;
    }, 'the worker with two processes');
    expect(worker).toMatchObject({ kind: 'typescript', queues: [queue], processes: 2, concurrency: 20 });
    expect(worker).toMatchObject({ pid: program.process.pid, draining: false });
    expect(worker.tasks).toContain('sleep');
    const { worker: lease = '' } = await api.get(id);
    expect((await drain(lease).expect(202)).body).toMatchObject({ name: worker.name, draining: true });
    await program.line('stopping', (line) => line['why'] === 'drain');
    // The idle process has ended, so both were told.
    const exited = new Promise((resolve) => program.process.once('exit', resolve));
    const leases = () => redis.client.zcard(`mr:{${queue}}:leases`);
    await until(async () => (await leases()) < 2, 'the end of the idle process');
    const next = await api.submit({ queue, task: 'sleep', payload: { ms: 1 } });
    expect(await api.finished(id)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await exited).toBe(0);
    expect((await api.get(next.id)).status).toBe('queued');
    expect(await workers(`?queue=${queue}`)).toEqual([]);
  });

  it('hands its jobs back when a signal comes while it drains', async () => {
    const queue = newQueue();
    const program = await startWorker(redis.url, { QUEUES: queue, SHUTDOWN_GRACE_MS: '1' });
    const { id } = await api.submit({ queue, task: 'sleep', payload: { ms: 600_000 } });
    await until(async () => (await api.get(id)).status === 'running', 'a running job');
    await drain((await workers(`?queue=${queue}`))[0]?.name ?? '').expect(202);
    await program.line('stopping');
    expect(await program.stop()).toBe(0);
    expect(await api.get(id)).toMatchObject({ status: 'queued', attempt: 0 });
  });
});
