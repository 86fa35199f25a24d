import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LIMITS_MESSAGE } from '../../src/lifecycle/limits/settings.ts';
import { type Child, startChild } from '../../src/local/child-process.ts';
import { startRedis } from '../../src/local/redis-server.ts';
import { createOrphanReaper } from '../../src/orphan-reaper.ts';
import { connectForWork, whenReady } from '../../src/redis/connect.ts';
import type { Connection } from '../../src/redis/connection.ts';
import { type QueueKeys, queueKeys } from '../../src/redis/keys.ts';
import { scripts } from '../../src/scripts.ts';

const WORKER = fileURLToPath(new URL('../../dist/workers/main.js', import.meta.url));
const TASKS = fileURLToPath(new URL('../../test/helpers/tasks', import.meta.url));
const QUEUE = 'default';
const READY_MS = 10_000;
const STOP_MS = 15_000;
const LOOK_EVERY_MS = 5;

/** One start or end of a handler. */
export interface Line {
  /** Unix ms. */
  readonly at: number;
  readonly delta: number;
  readonly key: string;
}

/** A Redis, a queue in it, and workers: for one measurement. */
export interface Site {
  readonly redis: Connection;
  readonly keys: QueueKeys;
  /** What handlers of the task `journal` write to. */
  readonly journal: string;
  /** Stores jobs, one for each key; '' for none. */
  fill(task: string, payload: object, jobs: readonly string[]): Promise<void>;
  setLimits(limits: Readonly<Record<string, string | number>>): Promise<void>;
  startWorker(processes: number, concurrency: number): Promise<void>;
  untilCompleted(count: number): Promise<void>;
  /** Commands that Redis ran since its start, without INFO. */
  commands(): Promise<number>;
  /** Processor time of the main thread of Redis since its start, us. */
  redisTime(): Promise<number>;
  /** What the journal holds, in the order of time. */
  lines(): Line[];
}

const CHUNK = 500;

/** Runs a measurement in a place of its own. */
export async function onSite<T>(measure: (site: Site) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'mr-limits-'));
  const reaper = createOrphanReaper();
  const server = await startRedis({ dir: join(dir, 'redis'), persistent: false, reaper });
  const redis = connectForWork({ url: server.url, name: 'limits', scripts });
  const keys = queueKeys('mr', QUEUE);
  const journal = join(dir, 'journal');
  const workers: Child[] = [];
  try {
    await whenReady(redis, READY_MS);
    return await measure({
      redis,
      keys,
      journal,
      async fill(task, payload, jobs) {
        for (let first = 0; first < jobs.length; first += CHUNK) {
          const pipeline = redis.pipeline();
          for (const key of jobs.slice(first, first + CHUNK)) {
            const options = key === '' ? '' : JSON.stringify({ y: key });
            const text = JSON.stringify({ ...payload, key });
            pipeline.xadd(keys.stream.normal, '*', 't', task, 'p', text, 'o', options);
          }
          await pipeline.exec();
        }
      },
      async setLimits(limits) {
        await redis.hset(keys.settings, limits);
        await redis.xadd(keys.control, '*', LIMITS_MESSAGE, 'changed');
      },
      async startWorker(processes, concurrency) {
        const child = await startChild({
          name: 'worker',
          command: process.execPath,
          args: [WORKER],
          env: {
            PATH: process.env['PATH'],
            REDIS_URL: server.url,
            TASKS_DIR: TASKS,
            PROCESSES: String(processes),
            CONCURRENCY: String(concurrency),
            LOG_LEVEL: 'fatal',
          },
          reaper,
        });
        workers.push(child);
      },
      async untilCompleted(count) {
        while (Number(await redis.hget(keys.totals, 'completed')) < count) await sleep(LOOK_EVERY_MS);
      },
      async commands() {
        const stats = await redis.info('commandstats');
        const calls = [...stats.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)];
        return calls.reduce((sum, [, name, count]) => (name === 'info' ? sum : sum + Number(count)), 0);
      },
      async redisTime() {
        const times = (await redis.info('cpu')).matchAll(/used_cpu_(?:sys|user)_main_thread:([\d.]+)/g);
        return [...times].reduce((sum, [, seconds]) => sum + 1_000_000 * Number(seconds), 0);
      },
      lines: () =>
        readFileSync(journal, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => {
            const [at, delta, key = ''] = line.split(' ');
            return { at: Number(at), delta: Number(delta), key };
          })
          .sort((a, b) => a.at - b.at || a.delta - b.delta),
    });
  } finally {
    for (const worker of workers) await worker.stop(STOP_MS);
    redis.disconnect();
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
