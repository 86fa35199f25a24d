import { expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { post } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker, type TestWorker } from '../../helpers/workers/worker-process.ts';
import { folder } from '../../tasks/task-folder.ts';

/** Many more by DEPLOY_JOBS=5000, see test/README.md. */
const JOBS = Number(process.env['DEPLOY_JOBS'] ?? 400);
const BATCH = 20;
const LIMIT_MS = 600_000;
const QUEUE = 'deploy';

const redis = useRedis();
const api = useApi(redis);

type Release = 'old' | 'new';

/** A task whose payload must have a member with the name of the release. Its result says who ran it. */
const taskOf = (release: Release) => `export default {
  input: { type: 'object', required: ['${release}'] },
  handler: async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return '${release}';
  },
};`;

/** The deploy, there and back: what happens to which worker, by its number among all that were started. */
const STEPS: readonly (Release | { kill: number } | { stop: number })[] = [
  'new',
  { kill: 0 },
  'new',
  { stop: 2 },
  'old',
  { kill: 1 },
  'old',
  'new',
  { kill: 3 },
  { kill: 4 },
];

async function startReleases() {
  const folders = {
    old: await folder({ 'work.mjs': taskOf('old') }),
    new: await folder({ 'work.mjs': taskOf('new') }),
  };
  const workers: TestWorker[] = [];
  const start = async (release: Release) => {
    const env = { QUEUES: QUEUE, TASKS_DIR: folders[release], CONCURRENCY: '4', LEASE_MS: '2000' };
    workers.push(await startWorker(redis.url, { ...env, LOG_LEVEL: 'info' }));
  };
  return { workers, start };
}

/** Submits a batch of both forms; each job must be accepted. */
async function submitBatch(forms: readonly Release[]): Promise<{ id: string; form: Release }[]> {
  const jobs = Array.from({ length: BATCH }, (_, i) => forms[i % forms.length] ?? 'old');
  const body = { jobs: jobs.map((form) => ({ queue: QUEUE, task: 'work', payload: { [form]: 1 } })) };
  const answer = await post(api, '/jobs/batch', body);
  const { items } = answer.body as { items: { id: string; status: number }[] };
  expect(items.filter(({ status }) => status !== 202)).toEqual([]);
  return items.map(({ id }, i) => ({ id, form: jobs[i] ?? 'old' }));
}

it(
  'a rolling deploy and its way back fail no job, and spend no attempt on a worker of the wrong release',
  async () => {
    const { workers, start } = await startReleases();
    await start('old');
    await start('old');
    const submitted: { id: string; form: Release }[] = [];
    const steps = [...STEPS];
    const batchesPerStep = Math.ceil(JOBS / BATCH / (STEPS.length + 1));
    while (submitted.length < JOBS || steps.length > 0) {
      // The API takes the new form once a worker of the new release is there.
      const forms: Release[] = workers.length > 2 ? ['new', 'old'] : ['old'];
      for (let i = 0; i < batchesPerStep; i += 1) submitted.push(...(await submitBatch(forms)));
      const step = steps.shift();
      if (step === 'old' || step === 'new') await start(step);
      else if (step !== undefined && 'kill' in step) await workers[step.kill]?.stop('SIGKILL');
      else if (step !== undefined) await workers[step.stop]?.stop();
    }
    const totals = async () => (await api.http.get(`/queues/${QUEUE}/stats`)).body.totals;
    await until(async () => (await totals()).completed === submitted.length, 'all jobs', LIMIT_MS);
    expect(await totals()).toMatchObject({ failed: 0, retried: 0 });
    for (const { id, form } of submitted) {
      const job: Job = await api.get(id);
      expect(job.result).toBe(form);
      // A killed worker costs its jobs an attempt each; nothing else does.
      const errors = job.errors?.map(({ name }) => name) ?? [];
      expect(errors.filter((name) => name !== 'worker-lost')).toEqual([]);
      expect(job.attempt).toBe(errors.length + 1);
    }
  },
  LIMIT_MS,
);
