import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../../../../src/local/child-process.ts';
import { untilWorkerReady } from '../../../../src/local/ready.ts';
import { createOrphanReaper } from '../../../../src/orphan-reaper.ts';
import {
  type ApiProcess,
  type BuiltProcess,
  startApiProcess,
  startWorkerProcess,
} from '../../../helpers/workers/built-processes.ts';
import { HTTP_WORKER_JOBS } from '../cluster.ts';
import { HandlerJournal } from '../journal.ts';
import { Subscriber } from './subscriber.ts';
import { Traffic } from './traffic.ts';

/** Their slots are at all three primaries of a Cluster. */
export const WORKER_QUEUES = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7'];
/** Served by a worker over HTTP, with one lease for all. */
export const HTTP_QUEUES = ['h0', 'h1', 'h2'];
const SUBSCRIBED = ['q1', 'h0'];

const TASKS = fileURLToPath(new URL('../tasks', import.meta.url));
const HTTP_WORKER = fileURLToPath(new URL('../http-worker.mjs', import.meta.url));
const STOP_MS = 5_000;
const PROCESSES = 2;
const CONCURRENCY = 10;
/** Most jobs that run at one time. */
export const SLOTS = PROCESSES * CONCURRENCY + HTTP_WORKER_JOBS;

export interface StackOptions {
  /** The value of REDIS_URL, for the API and for the workers: the API may have a network of its own. */
  readonly apiUrl: string;
  readonly workerUrl: string;
  /** Further settings of the API, and of both. */
  readonly apiEnv?: NodeJS.ProcessEnv;
  readonly env?: NodeJS.ProcessEnv;
}

/** An API, workers of both kinds, submitters and readers, on a Redis that others start. */
export class FailoverStack {
  readonly api: ApiProcess;
  readonly journal: HandlerJournal;
  readonly traffic: Traffic;
  readonly subscribers: readonly Subscriber[];
  readonly #stop: () => Promise<void>;

  private constructor(api: ApiProcess, journal: HandlerJournal, stop: () => Promise<void>) {
    this.api = api;
    this.journal = journal;
    this.traffic = new Traffic(api.origin, [...WORKER_QUEUES, ...HTTP_QUEUES]);
    this.subscribers = SUBSCRIBED.map((queue) => new Subscriber(api.origin, queue));
    this.#stop = stop;
  }

  static async start({ apiUrl, workerUrl, apiEnv, env }: StackOptions): Promise<FailoverStack> {
    const dir = await mkdtemp(join(tmpdir(), 'mr-failover-'));
    const reaper = createOrphanReaper();
    const journal = new HandlerJournal(join(dir, 'handlers.jsonl'));
    const parts: (Pick<BuiltProcess, 'stop'> | Child)[] = [];
    const stop = async () => {
      await Promise.all(parts.map((part) => part.stop(STOP_MS)));
      journal.close();
      reaper.end();
      await rm(dir, { recursive: true, force: true });
    };
    try {
      const api = await startApiProcess(apiUrl, reaper, { ...env, ...apiEnv });
      parts.push(api);
      const common = { PATH: process.env['PATH'], CHAOS_JOURNAL: journal.file };
      const settings = {
        ...env,
        ...common,
        REDIS_URL: workerUrl,
        TASKS_DIR: TASKS,
        PROCESSES: String(PROCESSES),
        CONCURRENCY: String(CONCURRENCY),
        QUEUES: WORKER_QUEUES.join(','),
      };
      const ready = (limit: AbortSignal) => untilWorkerReady(api.origin, WORKER_QUEUES, limit);
      parts.push(await startWorkerProcess(settings, reaper, ready));
      const http = { ...common, ORIGINS: api.origin, QUEUE: HTTP_QUEUES.join(','), LEASE_MS: '15000' };
      const args = [HTTP_WORKER];
      parts.push(
        await startChild({ name: 'HTTP worker', command: process.execPath, args, env: http, reaper }),
      );
      const stack = new FailoverStack(api, journal, stop);
      await Promise.all(stack.subscribers.map((one) => one.start()));
      return stack;
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.traffic.close();
    // Their calls end with the API.
    const closed = this.subscribers.map((one) => one.close());
    await Promise.all(closed);
    await this.#stop();
  }
}
