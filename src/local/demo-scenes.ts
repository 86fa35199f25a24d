import { systemClock } from '../clock.ts';
import type { Job } from '../schemas/job.ts';
import { type Api, type ApiResponse, DemoError, type Stats } from './api-client.ts';

/** What a scene can use. */
export interface Stage {
  readonly api: Api;
  readonly apiPid: number;
  print(line: string): void;
  /** @throws {DemoError} with the sentence `otherwise`, unless the condition holds. */
  check(condition: boolean, otherwise: string): void;
}

export interface Scene {
  title: string;
  play(stage: Stage): Promise<void>;
}

const QUEUE = 'default';
const BULK_SIZE = 500;
const CONCURRENT_POLLS = 25;
const DELAY_MS = 1_000;
const FIB = { n: 100_000, digits: 20_899, end: '746875' };

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
const number = (value: number): string => value.toLocaleString('en-US');
const stats = async (api: Api): Promise<Stats> =>
  (await api.send<Stats>('GET', `/queues/${QUEUE}/stats`)).body;

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const started = systemClock.monotonic();
  const value = await work();
  return { value, ms: systemClock.monotonic() - started };
}

function completed(job: Job, { check }: Stage): Job {
  check(
    job.status === 'completed',
    `Job ${job.id} ended as ${job.status}: ${job.error?.message ?? 'no error'}`,
  );
  return job;
}

/** The job's path, from the Location header; the same as `/jobs/{id}`. */
function location({ status, headers }: ApiResponse<Job>, { check }: Stage): string {
  check(status === 202, `A submitted job was answered with ${status} instead of 202.`);
  const path = headers.get('location');
  if (path === null) throw new DemoError('The answer to a submitted job has no Location header.');
  return path;
}

const fibonacci: Scene = {
  title: `The ${number(FIB.n)}th Fibonacci number, in one request that waits for the result`,
  async play(stage) {
    const { api, apiPid, print, check } = stage;
    const job = { task: 'fib', payload: { n: FIB.n } };
    print(`POST /jobs ${JSON.stringify(job)}   Prefer: wait=30`);
    const { value, ms } = await timed(() => api.send<Job>('POST', '/jobs', job, 'wait=30'));
    check(value.status === 200, `The job had not finished after 30 s (${value.status}).`);
    const { result, worker } = completed(value.body, stage);
    const digits = digitsOf(result);
    check(digits.length === FIB.digits, `The number has ${digits.length} digits instead of ${FIB.digits}.`);
    check(digits.endsWith(FIB.end), `The number ends in ${digits.slice(-6)} instead of ${FIB.end}.`);
    print(
      `200 after ${seconds(ms)}: ${number(digits.length)} digits, ${digits.slice(0, 6)}...${digits.slice(-6)}`,
    );
    const { workers } = await stats(api);
    const pid = workers.find(({ name }) => name === worker)?.pid;
    if (pid === undefined) throw new DemoError(`The queue does not list the job's worker, ${worker}.`);
    check(pid !== apiPid, `The job ran in the API's own process (${pid}).`);
    print(`It ran in process ${pid} (worker ${worker}); the API is process ${apiPid}.`);
  },
};

function digitsOf(result: unknown): string {
  const value = typeof result === 'object' && result !== null && 'value' in result ? result.value : undefined;
  if (typeof value !== 'string') throw new DemoError(`The result is not a number: ${JSON.stringify(result)}`);
  return value;
}

const polled: Scene = {
  title: 'A job that is submitted first and polled later',
  async play(stage) {
    const { api, print, check } = stage;
    const job = { task: 'sleep', payload: { ms: 300 } };
    print(`POST /jobs ${JSON.stringify(job)}`);
    const { value, ms } = await timed(() => api.send<Job>('POST', '/jobs', job));
    const path = location(value, stage);
    print(`202 after ${seconds(ms)}, Location: ${path}`);
    const followed = await timed(() => api.follow(path));
    const { seen, requests } = followed.value;
    completed(followed.value.job, stage);
    check(seen.includes('running'), `The job was never seen running, only ${seen.join(', ')}.`);
    print(`GET ${path}: ${seen.join(' -> ')}, in ${requests} requests over ${seconds(followed.ms)}`);
  },
};

const delayed: Scene = {
  title: 'A job for later',
  async play(stage) {
    const { api, print, check } = stage;
    const job = { task: 'echo', payload: 'later', delay: '1s' };
    print(`POST /jobs ${JSON.stringify(job)}`);
    const path = location(await api.send<Job>('POST', '/jobs', job), stage);
    const { job: ended, seen } = await api.follow(path);
    const { createdAt, startedAt, result } = completed(ended, stage);
    const waited = Date.parse(startedAt ?? '') - Date.parse(createdAt);
    check(waited >= DELAY_MS, `The job waited ${waited} ms instead of at least ${DELAY_MS} ms.`);
    check(result === 'later', `The job returned ${JSON.stringify(result)}.`);
    print(`${seen.join(' -> ')}: started ${seconds(waited)} after it was submitted`);
  },
};

const bulk: Scene = {
  title: `${BULK_SIZE} jobs in one request`,
  async play(stage) {
    const { api, print, check } = stage;
    const jobs = Array.from({ length: BULK_SIZE }, (_, i) => ({ task: 'echo', payload: i }));
    print(`POST /jobs/batch {"jobs":[{"task":"echo","payload":0}, ...]}`);
    const submitted = await timed(() =>
      api.send<{ items: { id: string }[] }>('POST', '/jobs/batch', { jobs }),
    );
    const { items } = submitted.value.body;
    const ids = new Set(items.map(({ id }) => id));
    check(ids.size === BULK_SIZE, `${BULK_SIZE} jobs got ${ids.size} ids.`);
    print(`207 after ${seconds(submitted.ms)}: ${ids.size} ids`);
    const { value: results, ms } = await timed(() => followAll(stage, items));
    check(
      results.every((result, i) => result === i),
      'A job returned the payload of another job.',
    );
    print(`All ${results.length} results read and correct after another ${seconds(ms)}`);
  },
};

/** Polls some jobs at a time, as a client with a few connections does. */
async function followAll(stage: Stage, items: { id: string }[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (let at = 0; at < items.length; at += CONCURRENT_POLLS) {
    const followed = items
      .slice(at, at + CONCURRENT_POLLS)
      .map(({ id }) => stage.api.follow(`/jobs/${encodeURIComponent(id)}`));
    for (const { job } of await Promise.all(followed)) results.push(completed(job, stage).result);
  }
  return results;
}

const statistics: Scene = {
  title: 'The statistics of the queue',
  async play({ api, print, check }) {
    print(`GET /queues/${QUEUE}/stats`);
    const { counts, totals, workers } = await stats(api);
    const open = counts.queued + counts.scheduled + counts.running + counts.retrying;
    check(open === 0, `${open} jobs are still open: ${JSON.stringify(counts)}`);
    check(counts.failed === 0, `${counts.failed} jobs have failed.`);
    check(totals.completed >= BULK_SIZE + 3, `Only ${totals.completed} jobs are counted as completed.`);
    print(
      `submitted ${totals.submitted}, completed ${totals.completed}, failed ${totals.failed}; nothing left open; ${workers.length} worker process${workers.length === 1 ? '' : 'es'}`,
    );
  },
};

export const SCENES: readonly Scene[] = [fibonacci, polled, delayed, bulk, statistics];
