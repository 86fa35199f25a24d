import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureGroups } from '../../src/lifecycle/scripts/ensure-groups.ts';
import { untilWorkerReady } from '../../src/local/ready.ts';
import { startRedis } from '../../src/local/redis-server.ts';
import { createOrphanReaper } from '../../src/orphan-reaper.ts';
import { connectForWork, whenReady } from '../../src/redis/connect.ts';
import type { Connection } from '../../src/redis/connection.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { scripts } from '../../src/scripts.ts';
import { startCluster } from '../../test/helpers/redis/cluster.ts';
import { startApiProcess, startWorkerProcess } from '../../test/helpers/workers/built-processes.ts';
import { HttpPool } from '../load/pool.ts';
import { usageOf } from '../proc.ts';
import { callsIn, cpuSecondsIn } from '../redis.ts';

export type Topology = 'one' | 'cluster';

const TASKS = fileURLToPath(new URL('../../test/helpers/tasks', import.meta.url));
/** Of the Cluster. With 1 it shows what cluster mode itself costs. */
const PRIMARIES = Number(process.env['PRIMARIES'] ?? 3);
const READY_MS = 10_000;
const CONNECTIONS = 64;
const LOOK_EVERY_MS = 250;

/** What was used since the start. */
export interface Used {
  /** Monotonic, ms. */
  readonly at: number;
  /** CPU of each primary, us. */
  readonly redisUs: readonly number[];
  /** Commands of all primaries, by name, without INFO. */
  readonly calls: ReadonlyMap<string, number>;
  readonly commands: number;
  /** CPU of the worker's processes, us. */
  readonly workerUs: number;
}

/** One Redis or a Cluster, with an API and a worker that serves the queues. */
export interface Site {
  readonly redis: Connection;
  readonly pool: HttpPool;
  keys(queue: string): QueueKeys;
  used(): Promise<Used>;
  /** Resolves once so many jobs have completed in all queues. */
  untilCompleted(count: number): Promise<void>;
}

export interface SiteOptions {
  readonly topology: Topology;
  readonly queues: readonly string[];
  readonly processes: number;
  readonly concurrency: number;
}

/** Runs a measurement in a place of its own. */
export async function onSite<T>(options: SiteOptions, measure: (site: Site) => Promise<T>): Promise<T> {
  const { topology, queues, processes, concurrency } = options;
  const dir = mkdtempSync(join(tmpdir(), 'mr-cluster-bench-'));
  const reaper = createOrphanReaper();
  const servers = topology === 'one' ? await startOne(dir) : await startPrimaries();
  const redis = connectForWork({ url: servers.url, name: 'bench', scripts });
  await whenReady(redis, READY_MS);
  const space = new KeySpace('mr', topology === 'cluster');
  const keys = (queue: string) => space.queue(queue);
  const api = await startApiProcess(servers.url, reaper);
  // A worker that has to make a group then compares its jobs twice, as after a fault.
  for (const queue of queues) await ensureGroups(redis, keys(queue));
  const settings = {
    REDIS_URL: servers.url,
    TASKS_DIR: TASKS,
    QUEUES: queues.join(','),
    PROCESSES: String(processes),
    CONCURRENCY: String(concurrency),
  };
  const worker = await startWorkerProcess(settings, reaper, (limit) =>
    untilWorkerReady(api.origin, queues, limit),
  );
  const pool = await HttpPool.open(api.port, CONNECTIONS);
  try {
    return await measure({
      redis,
      pool,
      keys,
      async used() {
        const infos = await Promise.all(servers.info('cpu'));
        const stats = (await Promise.all(servers.info('commandstats'))).join('\n');
        const { cpuSeconds } = await usageOf(worker.child.pid);
        return {
          at: performance.now(),
          redisUs: infos.map((info) => cpuSecondsIn(info) * 1e6),
          calls: callsByName(stats),
          commands: callsIn(stats),
          workerUs: cpuSeconds * 1e6,
        };
      },
      async untilCompleted(count) {
        while ((await completed(redis, queues.map(keys))) < count) await sleep(LOOK_EVERY_MS);
      },
    });
  } finally {
    pool.close();
    await Promise.all([worker.stop(), api.stop()]);
    redis.disconnect();
    await servers.stop();
    reaper.end();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Servers {
  readonly url: string;
  info(section: string): Promise<string>[];
  stop(): Promise<void>;
}

async function startOne(dir: string): Promise<Servers> {
  const server = await startRedis({ dir: join(dir, 'redis'), persistent: false });
  const client = connectForWork({ url: server.url, name: 'bench-info', scripts: [] });
  await whenReady(client, READY_MS);
  return {
    url: server.url,
    info: (section) => [client.info(section)],
    stop: async () => {
      client.disconnect();
      await server.stop();
    },
  };
}

async function startPrimaries(): Promise<Servers> {
  const { url, primaries, stop } = await startCluster({ primaries: PRIMARIES });
  return { url, info: (section) => primaries.map(({ client }) => client.info(section)), stop };
}

async function completed(redis: Connection, queues: readonly QueueKeys[]): Promise<number> {
  const counts = await Promise.all(queues.map(({ totals }) => redis.hget(totals, 'completed')));
  return counts.reduce((sum, count) => sum + Number(count), 0);
}

function callsByName(stats: string): Map<string, number> {
  const calls = new Map<string, number>();
  for (const [, name = '', count] of stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)) {
    if (name !== 'info') calls.set(name, (calls.get(name) ?? 0) + Number(count));
  }
  return calls;
}
