import type { Job } from '../schemas/job.ts';
import { type Answer, type Api, DemoError, type Stats } from './api-client.ts';

/** What a scene may use, and how it tells what happened. */
export interface Stage {
  readonly api: Api;
  readonly apiPid: number;
  tell(line: string): void;
  /** @throws {DemoError} with the sentence, unless the condition holds. */
  check(condition: boolean, otherwise: string): void;
}

export interface Scene {
  title: string;
  play(stage: Stage): Promise<void>;
}

const QUEUE = 'default';
const BATCH = 500;
const AT_ONCE = 25;
const DELAY_MS = 1_000;
const FIB = { n: 100_000, digits: 20_899, end: '746875' };

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
const number = (value: number): string => value.toLocaleString('en-US');
const stats = async (api: Api): Promise<Stats> =>
  (await api.send<Stats>('GET', `/queues/${QUEUE}/stats`)).body;

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const started = performance.now();
  const value = await work();
  return { value, ms: performance.now() - started };
}

function completed(job: Job, { check }: Stage): Job {
  check(
    job.status === 'completed',
    `Job ${job.id} ended as ${job.status}: ${job.error?.message ?? 'no error'}`,
  );
  return job;
}

/** Where the API says that the job is; the same as `/jobs/{id}`. */
function location({ status, headers }: Answer<Job>, { check }: Stage): string {
  check(status === 202, `A submitted job was answered with ${status} instead of 202.`);
  const path = headers.get('location');
  if (path === null) throw new DemoError('The answer to a submitted job has no Location header.');
  return path;
}

const fibonacci: Scene = {
  title: `The ${number(FIB.n)}th Fibonacci number, in one request that waits for the result`,
  async play(stage) {
    const { api, apiPid, tell, check } = stage;
    const job = { task: 'fib', payload: { n: FIB.n } };
    tell(`POST /jobs ${JSON.stringify(job)}   Prefer: wait=30`);
    const { value, ms } = await timed(() => api.send<Job>('POST', '/jobs', job, 'wait=30'));
    check(value.status === 200, `It had not ended after 30 s (${value.status}).`);
    const { result, worker } = completed(value.body, stage);
    const digits = digitsOf(result);
    check(digits.length === FIB.digits, `It has ${digits.length} digits instead of ${FIB.digits}.`);
    check(digits.endsWith(FIB.end), `It ends in ${digits.slice(-6)} instead of ${FIB.end}.`);
    tell(
      `200 after ${seconds(ms)}: ${number(digits.length)} digits, ${digits.slice(0, 6)}...${digits.slice(-6)}`,
    );
    const { workers } = await stats(api);
    const pid = workers.find(({ name }) => name === worker)?.pid;
    if (pid === undefined)
      throw new DemoError(`The job's worker, ${worker}, is none of the queue's workers.`);
    check(pid !== apiPid, `The job ran in the API's own process (${pid}).`);
    tell(`It ran in process ${pid} (worker ${worker}); the API is process ${apiPid}.`);
  },
};

function digitsOf(result: unknown): string {
  const value = typeof result === 'object' && result !== null && 'value' in result ? result.value : undefined;
  if (typeof value !== 'string') throw new DemoError(`The result is no number: ${JSON.stringify(result)}`);
  return value;
}

const polled: Scene = {
  title: 'A job that is submitted first and asked for later',
  async play(stage) {
    const { api, tell, check } = stage;
    const job = { task: 'sleep', payload: { ms: 300 } };
    tell(`POST /jobs ${JSON.stringify(job)}`);
    const { value, ms } = await timed(() => api.send<Job>('POST', '/jobs', job));
    const path = location(value, stage);
    tell(`202 after ${seconds(ms)}, Location: ${path}`);
    const followed = await timed(() => api.follow(path));
    const { seen, requests } = followed.value;
    completed(followed.value.job, stage);
    check(seen.includes('running'), `It was never seen running, only ${seen.join(', ')}.`);
    tell(`GET ${path}: ${seen.join(' -> ')}, in ${requests} requests over ${seconds(followed.ms)}`);
  },
};

const delayed: Scene = {
  title: 'A job for later',
  async play(stage) {
    const { api, tell, check } = stage;
    const job = { task: 'echo', payload: 'later', delay: '1s' };
    tell(`POST /jobs ${JSON.stringify(job)}`);
    const path = location(await api.send<Job>('POST', '/jobs', job), stage);
    const { job: ended, seen } = await api.follow(path);
    const { createdAt, startedAt, result } = completed(ended, stage);
    const waited = Date.parse(startedAt ?? '') - Date.parse(createdAt);
    check(waited >= DELAY_MS, `It was to wait ${DELAY_MS} ms and waited ${waited} ms.`);
    check(result === 'later', `It gave back ${JSON.stringify(result)}.`);
    tell(`${seen.join(' -> ')}: started ${seconds(waited)} after it was submitted`);
  },
};

const batch: Scene = {
  title: `${BATCH} jobs in one request`,
  async play(stage) {
    const { api, tell, check } = stage;
    const jobs = Array.from({ length: BATCH }, (_, i) => ({ task: 'echo', payload: i }));
    tell(`POST /jobs/batch {"jobs":[{"task":"echo","payload":0}, ...]}`);
    const submitted = await timed(() =>
      api.send<{ items: { id: string }[] }>('POST', '/jobs/batch', { jobs }),
    );
    const { items } = submitted.value.body;
    const ids = new Set(items.map(({ id }) => id));
    check(ids.size === BATCH, `The batch of ${BATCH} jobs got ${ids.size} ids.`);
    tell(`207 after ${seconds(submitted.ms)}: ${ids.size} ids`);
    const { value: results, ms } = await timed(() => followAll(stage, items));
    check(
      results.every((result, i) => result === i),
      'A job of the batch gave back what another one was sent.',
    );
    tell(`All ${results.length} results read and right after another ${seconds(ms)}`);
  },
};

/** Some at a time, as a client with a few connections would. */
async function followAll(stage: Stage, items: { id: string }[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    const followed = items
      .slice(at, at + AT_ONCE)
      .map(({ id }) => stage.api.follow(`/jobs/${encodeURIComponent(id)}`));
    for (const { job } of await Promise.all(followed)) results.push(completed(job, stage).result);
  }
  return results;
}

const account: Scene = {
  title: 'What the queue says',
  async play({ api, tell, check }) {
    tell(`GET /queues/${QUEUE}/stats`);
    const { counts, totals, workers } = await stats(api);
    const open = counts.queued + counts.scheduled + counts.running + counts.retrying;
    check(open === 0, `${open} jobs are still open: ${JSON.stringify(counts)}`);
    check(counts.failed === 0, `${counts.failed} jobs have failed.`);
    check(totals.completed >= BATCH + 3, `Only ${totals.completed} jobs are counted as completed.`);
    tell(
      `submitted ${totals.submitted}, completed ${totals.completed}, failed ${totals.failed}; nothing left open; ${workers.length} worker process${workers.length === 1 ? '' : 'es'}`,
    );
  },
};

export const SCENES: readonly Scene[] = [fibonacci, polled, delayed, batch, account];
