import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorker } from '../../workers/embedded/create-worker.ts';
import type { ProgramWorker } from '../../workers/embedded/program-worker.ts';
import { redisTarget } from '../config/redis.ts';
import { childEnv, loadConfig } from '../config.ts';
import { type Core, createCore } from '../core/core.ts';
import { advanceQueue } from '../lifecycle/scripts/places/advance.ts';
import { startRedis } from '../local/redis-server.ts';
import { createOrphanReaper } from '../orphan-reaper.ts';
import { connectForWork } from '../redis/connect.ts';
import { durationMs } from '../schemas/values/duration.ts';
import { scripts } from '../scripts.ts';
import type { GivenTasks } from '../tasks/given.ts';
import { startApi } from './api-process.ts';

export interface TestStackOptions {
  /** Tasks that a worker in this process runs: values, or the path of a folder of task files. Without them there is no worker. */
  readonly tasks?: GivenTasks | string;
  /** Queues that the worker serves. Default: `default`. */
  readonly queues?: readonly string[];
  /** Jobs that the worker runs at a time. Default 10. */
  readonly concurrency?: number;
  /** Settings of API and worker by their variables, such as `{ UNKNOWN_TASKS: 'reject' }`. The environment is not looked at. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Redis, an API and perhaps a worker, for tests. */
export interface TestStack extends AsyncDisposable {
  /** Address of the API, which wants no key. */
  readonly url: string;
  /** For `createWorker`. */
  readonly redisUrl: string;
  /** Undefined without tasks. */
  readonly worker: ProgramWorker | undefined;
  /**
   * Lets delayed and retrying jobs wait so much shorter: those whose time has come by it start at once. Of at most 10,000 such jobs in
   * each queue. It does nothing else: schedules, expiry, timeouts, leases, limits of rates and the times of jobs go by the real clock.
   *
   * @param time ms, or a text such as `2h`. Resolves to the number of jobs that are due by it.
   */
  advance(time: number | string): Promise<number>;
  /** Stops all, and removes what was stored. */
  stop(): Promise<void>;
}

const WORKER_GRACE_MS = 2_000;
const API_GRACE_MS = 5_000;

/**
 * Starts Redis (`redis-server` or `valkey-server` of PATH, without storing on disk), the API on a free port, and a worker of the tasks.
 * Resolves when the worker takes jobs. Stops with `await using`, or by `stop`. Several stacks can run side by side.
 *
 * @throws {Error} when a part cannot start, such as without a Redis on PATH.
 */
export async function startMillrace(options: TestStackOptions = {}): Promise<TestStack> {
  const started = new Parts();
  try {
    return await startParts(options, started);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** What has been started. It stops in the reverse order. */
class Parts {
  readonly #stops: (() => Promise<unknown> | unknown)[] = [];
  #stopping: Promise<void> | undefined;

  add(stop: () => Promise<unknown> | unknown): void {
    this.#stops.push(stop);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
  }
}

async function startParts(options: TestStackOptions, parts: Parts): Promise<TestStack> {
  const { tasks, queues = ['default'], concurrency = 10, settings = {} } = options;
  const dir = await mkdtemp(join(tmpdir(), 'mr-'));
  parts.add(() => rm(dir, { recursive: true, force: true }));
  const reaper = createOrphanReaper();
  parts.add(() => reaper.end());
  const redis = await startRedis({ dir, persistent: false, reaper });
  parts.add(() => redis.kill());
  const env = { PATH: childEnv({})['PATH'], ...settings, REDIS_URL: redis.url };
  const config = loadConfig(env, 'api');
  const connection = connectForWork({ ...redisTarget(config), scripts, name: 'millrace-testing' });
  parts.add(() => connection.disconnect());
  const { child, url } = await startApi(env, reaper);
  parts.add(() => child.stop(API_GRACE_MS));
  const worker = tasks === undefined ? undefined : openWorker({ tasks, queues, concurrency, settings }, env);
  parts.add(() => worker?.stop({ graceMs: WORKER_GRACE_MS }));
  await worker?.ready;
  const core = createCore(connection, config);
  return {
    url,
    redisUrl: redis.url,
    worker,
    advance: (time) => advance(core, durationMs(time)),
    stop: () => parts.stop(),
    [Symbol.asyncDispose]: () => parts.stop(),
  };
}

async function advance({ redis, keySpace, queues }: Core, ms: number): Promise<number> {
  if (!(ms >= 0)) throw new RangeError(`The time is ${ms} ms: it can only be advanced`);
  let due = 0;
  for (const queue of await queues.names()) due += await advanceQueue(redis, keySpace.queue(queue), ms);
  return due;
}
