import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { withoutSecrets } from '../../../src/redis/address/redis-url.ts';
import type { TaskContext } from '../../../src/tasks/types.ts';
import { createWorker, type WorkerOptions } from '../../../workers/embedded/create-worker.ts';
import type { ProgramWorker } from '../../../workers/embedded/program-worker.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis({ persistent: true, port: 0 });
const api = useApi(redis);
const workers: ProgramWorker[] = [];

afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.stop({ graceMs: 0 }))));

/** The connections try again at least once a second, and the loops of the worker do so, too. */
const MANY_TRIES_MS = 4_000;

function start(tasks: WorkerOptions['tasks']): { worker: ProgramWorker; errors: Error[]; told: string[] } {
  const worker = createWorker({ redisUrl: redis.url, tasks });
  workers.push(worker);
  const errors: Error[] = [];
  const told: string[] = [];
  worker.on('error', (error) => errors.push(error));
  worker.on('ready', () => told.push('ready')).on('stopped', () => told.push('stopped'));
  return { worker, errors, told };
}

/** What it says of a Redis that is not there: the address without the password. */
const away = () =>
  expect.objectContaining({
    message: expect.stringContaining(`No Redis answers at ${withoutSecrets(redis.url)} (`),
  });

const untilApiServes = () => expect.poll(async () => (await api.http.get('/readyz')).status).toBe(200);

async function restart(): Promise<void> {
  redis.replace(await redis.server.restart());
  await untilApiServes();
}

it('goes on by itself when Redis restarts, with the job that ran in that time, and tells the outage once', async () => {
  let go = (): void => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  const { worker, errors } = start({
    echo: (payload: unknown) => payload,
    hold: async (_: unknown, { job }: TaskContext) => {
      await held;
      return job.attempt;
    },
  });
  await worker.ready;
  const running = await api.submit({ task: 'hold' });
  await expect.poll(async () => (await api.get(running.id)).status).toBe('running');
  await redis.server.kill();
  await expect.poll(() => errors).toHaveLength(1);
  await sleep(MANY_TRIES_MS);
  await restart();
  go();
  expect(await api.finished(running.id)).toMatchObject({ status: 'completed' });
  const later = await api.submit({ task: 'echo', payload: 'after' });
  expect(await api.finished(later.id)).toMatchObject({ result: 'after', attempt: 1 });
  await worker.stop();
  expect(errors).toEqual([away()]);
});

it('says within seconds that no Redis is there, and takes jobs once it comes', async () => {
  await redis.server.kill();
  const { worker, errors, told } = start({ late: () => 'late' });
  await expect(worker.ready).rejects.toEqual(away());
  expect(errors).toEqual([away()]);
  await restart();
  await expect.poll(() => told).toEqual(['ready']);
  expect(await api.finished((await api.submit({ task: 'late' })).id)).toMatchObject({ result: 'late' });
  expect(errors).toHaveLength(1);
});

it('can be stopped while no Redis is there, before and after it has said so', async () => {
  await redis.server.kill();
  const early = start({ one: () => 1 });
  await expect.poll(() => early.errors).toHaveLength(1);
  await early.worker.stop();
  const { worker, errors, told } = start({ one: () => 1 });
  await expect(worker.ready).rejects.toThrow('No Redis answers');
  await worker.stop();
  await restart();
  for (const one of [early.told, told]) expect(one).toEqual(['stopped']);
  for (const one of [early.errors, errors]) expect(one).toEqual([away()]);
  // Nothing of them is left that connects.
  await sleep(MANY_TRIES_MS);
  expect(await redis.client.client('LIST')).not.toContain('-control');
});

it('tells a Redis that hangs once, although its connections find that out one after the other', async () => {
  const { worker, errors } = start({ one: () => 1 });
  await worker.ready;
  process.kill(redis.server.pid, 'SIGSTOP');
  try {
    await expect.poll(() => errors).toHaveLength(1);
    // The connection for commands and that for reads wait for 5 and 7 s.
    await sleep(2 * MANY_TRIES_MS);
  } finally {
    process.kill(redis.server.pid, 'SIGCONT');
  }
  await untilApiServes();
  expect(await api.finished((await api.submit({ task: 'one' })).id)).toMatchObject({ result: 1 });
  expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining('(Socket timeout') })]);
});
