import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../src/local/redis-settings.ts';
import { createOrphanReaper, type OrphanReaper } from '../../../src/orphan-reaper.ts';
import { connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import { scripts } from '../../../src/scripts.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import { until, untilConnected } from '../../helpers/redis/server.ts';
import { HandlerJournal } from './journal.ts';
import { ClusterProcess, type LogLine } from './process.ts';
import { RedisProxy } from './proxy.ts';
import { RedisProcess } from './redis-process.ts';

export interface ClusterOptions {
  apis: number;
  workers: number;
  /** Workers that know nothing but HTTP. */
  httpWorkers: number;
  /** Of each worker. */
  processes: number;
  /** Of each process. */
  concurrency: number;
  leaseMs: number;
  /** Whether APIs and workers reach Redis through a proxy each. */
  proxied: boolean;
}

export const DEFAULT_CLUSTER: ClusterOptions = {
  apis: 2,
  workers: 3,
  httpWorkers: 0,
  processes: 2,
  concurrency: 10,
  leaseMs: 2_000,
  proxied: false,
};

export const QUEUE = 'default';
const SERVER = fileURLToPath(new URL('../../../dist/src/server.js', import.meta.url));
const WORKER = fileURLToPath(new URL('../../../dist/workers/main.js', import.meta.url));
const HTTP_WORKER = fileURLToPath(new URL('./http-worker.mjs', import.meta.url));
const HTTP_LEASES = 3;
const HTTP_BATCH = 4;
/** Most jobs that a worker over HTTP holds. */
export const HTTP_WORKER_JOBS = HTTP_LEASES * HTTP_BATCH;
const TASKS = fileURLToPath(new URL('./tasks', import.meta.url));
const STOP_MS = 15_000;
/** pino's number for a warning. */
const WARN = 40;

/** Redis, APIs and workers as users run them, all restartable, and what they say. */
export class Cluster {
  readonly options: ClusterOptions;
  readonly dir: string;
  readonly redis: RedisProcess;
  readonly #proxies: Proxies | undefined;
  readonly journal: HandlerJournal;
  readonly apis: readonly ClusterProcess[];
  readonly origins: readonly string[];
  readonly workers: readonly ClusterProcess[];
  readonly httpWorkers: readonly ClusterProcess[];
  /** Straight to Redis, to look at what is stored. */
  readonly client: Connection;
  readonly keys: QueueKeys = queueKeys('mr', QUEUE);
  /** Warnings, errors, and whatever is no log line. */
  readonly complaints: LogLine[] = [];
  readonly #watchers = new Set<(line: LogLine) => void>();

  private constructor(base: Base, ports: readonly number[]) {
    const { options, dir, redis, proxies, reaper } = base;
    this.options = options;
    this.dir = dir;
    this.redis = redis;
    this.#proxies = proxies;
    this.journal = new HandlerJournal(join(dir, 'handlers.jsonl'));
    this.client = connectForWork({ url: redis.url, name: 'chaos', scripts });
    this.origins = ports.map((port) => `http://127.0.0.1:${port}`);
    const common = { PATH: process.env['PATH'], LEASE_MS: String(options.leaseMs) };
    const onLine = (line: LogLine) => this.#hear(line);
    const part = (name: string, script: string, env: NodeJS.ProcessEnv) =>
      new ClusterProcess({ name, script, reaper, onLine, env: { ...common, ...env } });
    this.apis = ports.map((port, i) =>
      part(`api-${i}`, SERVER, {
        REDIS_URL: proxies?.api.url ?? redis.url,
        PORT: String(port),
        LOG_LEVEL: 'warn',
      }),
    );
    const workerEnv = {
      REDIS_URL: proxies?.worker.url ?? redis.url,
      TASKS_DIR: TASKS,
      CHAOS_JOURNAL: this.journal.file,
      PROCESSES: String(options.processes),
      CONCURRENCY: String(options.concurrency),
      LOG_LEVEL: 'debug',
    };
    this.workers = Array.from({ length: options.workers }, (_, i) => part(`worker-${i}`, WORKER, workerEnv));
    const httpEnv = {
      ORIGINS: this.origins.join(','),
      QUEUE,
      CHAOS_JOURNAL: this.journal.file,
      LEASES: String(HTTP_LEASES),
      BATCH: String(HTTP_BATCH),
    };
    this.httpWorkers = Array.from({ length: options.httpWorkers }, (_, i) =>
      part(`http-worker-${i}`, HTTP_WORKER, httpEnv),
    );
  }

  /** Starts all, and waits until jobs are accepted and taken. */
  static async start(given: Partial<ClusterOptions> = {}): Promise<Cluster> {
    const options = { ...DEFAULT_CLUSTER, ...given };
    const dir = await mkdtemp(join(tmpdir(), 'mr-chaos-'));
    const reaper = createOrphanReaper();
    const redis = await RedisProcess.start({ dir: join(dir, 'redis'), port: await freePort(), reaper });
    const proxies = options.proxied
      ? { api: await RedisProxy.listen(redis.url), worker: await RedisProxy.listen(redis.url) }
      : undefined;
    const ports = [];
    for (let i = 0; i < options.apis; i += 1) ports.push(await freePort());
    const cluster = new Cluster({ options, dir, redis, proxies, reaper }, ports);
    try {
      await cluster.#ready();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** @throws {Error} when the cluster has none. */
  get proxies(): Proxies {
    if (this.#proxies === undefined) throw new Error('this cluster has no proxies');
    return this.#proxies;
  }

  /** Process ids of all that run handlers now. */
  get handlerPids(): number[] {
    return [
      ...this.workers.flatMap((worker) => worker.children),
      ...this.httpWorkers.flatMap(({ pid }) => pid ?? []),
    ];
  }

  /** Calls back for every line of log; returns what ends that. */
  watch(onLine: (line: LogLine) => void): () => void {
    this.#watchers.add(onLine);
    return () => this.#watchers.delete(onLine);
  }

  /** Resolves when this API takes requests. `first`: it has been started once, and must not have ended. */
  async untilApiReady(which: number, { first = false } = {}): Promise<void> {
    const isReady = async () => {
      if (first) this.apis[which]?.assertNeverEnded();
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(`${this.origins[which]}/readyz`, { signal }).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok === true;
    };
    await until(isReady, `a ready ${this.apis[which]?.name}`);
  }

  /** Ends everything; returns the processes that outlived those which made them. */
  async stop(): Promise<number[]> {
    for (const proxy of this.#bothProxies()) proxy.heal();
    await Promise.all([...this.httpWorkers, ...this.workers, ...this.apis].map((part) => part.stop(STOP_MS)));
    const survivors = this.workers.flatMap((worker) => worker.survivors);
    for (const pid of survivors) process.kill(pid, 'SIGKILL');
    this.client.disconnect();
    await this.redis.stop();
    for (const proxy of this.#bothProxies()) await proxy.close();
    this.journal.close();
    await rm(this.dir, { recursive: true, force: true });
    return survivors;
  }

  #bothProxies(): RedisProxy[] {
    return this.#proxies === undefined ? [] : [this.#proxies.api, this.#proxies.worker];
  }

  async #ready(): Promise<void> {
    const workers = [...this.workers, ...this.httpWorkers];
    const parts = [...this.apis, ...workers];
    for (const part of parts) part.start();
    await untilConnected(this.client);
    const areReady = () => {
      for (const part of parts) part.assertNeverEnded();
      return workers.every(({ ready }) => ready);
    };
    const missing = () => workers.filter(({ ready }) => !ready).map(({ name }) => name);
    await until(areReady, () => `the start of ${missing().join(', ')}`);
    for (const i of this.apis.keys()) await this.untilApiReady(i, { first: true });
  }

  #hear(line: LogLine): void {
    for (const watch of this.#watchers) watch(line);
    if (line.level === undefined || line.level >= WARN) this.complaints.push(line);
  }
}

/** The network between Redis and the APIs, and that between Redis and the workers. */
export interface Proxies {
  readonly api: RedisProxy;
  readonly worker: RedisProxy;
}

interface Base {
  options: ClusterOptions;
  dir: string;
  redis: RedisProcess;
  proxies: Proxies | undefined;
  reaper: OrphanReaper;
}
