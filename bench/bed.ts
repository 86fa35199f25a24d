import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '../src/local/redis-server.ts';
import { createOrphanReaper } from '../src/orphan-reaper.ts';
import { queueKeys } from '../src/redis/keys.ts';
import { startApiProcess, startWorkerProcess } from '../test/helpers/workers/built-processes.ts';
import type { Bed, BedRedis } from './contract.ts';
import { faceOf, startServing } from './process.ts';
import { bedRedis } from './redis.ts';

export interface BedOptions {
  readonly quick: boolean;
  /** Further settings of redis.conf. Without any nothing is written to disk. */
  readonly redis?: Readonly<Record<string, string>> | undefined;
}

/** Starts a Redis, lets `use` start processes, and ends all of them, last first, whatever comes. */
export async function withBed<T>({ quick, redis }: BedOptions, use: (bed: Bed) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'mr-bench-'));
  const reaper = createOrphanReaper();
  const remove = () => rmSync(dir, { recursive: true, force: true });
  // A run that is interrupted waits for nothing: the reaper ends the processes.
  process.once('exit', remove);
  const stops: (() => unknown)[] = [() => process.off('exit', remove), remove, () => reaper.end()];
  const held = <P extends { stop(): Promise<void> }>(started: P): P => {
    stops.push(() => started.stop());
    return started;
  };
  try {
    const server = held(await startRedis({ dir, persistent: false, settings: redis ?? {}, reaper }));
    const view = bedRedis(server.url);
    return await use({
      quick,
      redis: view,
      start: async (options) => held(await startServing(options, reaper)),
      startApi: async (env) => {
        const { child, port } = await startApiProcess(server.url, reaper, env);
        return held({ ...faceOf(child), port });
      },
      startWorker: async (env = {}) => {
        const settings = { ...env, REDIS_URL: server.url };
        const ready = await leasesOf(view, settings);
        const { child } = await startWorkerProcess(settings, reaper, ready);
        return held(faceOf(child));
      },
    });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Waits until each process of a worker that is started now has its lease on each of its queues. */
async function leasesOf(redis: BedRedis, { PREFIX, QUEUES, PROCESSES }: NodeJS.ProcessEnv) {
  const keys = (QUEUES ?? 'default').split(',').map((queue) => queueKeys(PREFIX ?? 'mr', queue).leases);
  const count = () => Promise.all(keys.map(async (key) => Number(await redis.call('ZCARD', key))));
  const before = await count();
  return async (limit: AbortSignal): Promise<void> => {
    const isThere = (leases: number, i: number) => leases >= (before[i] ?? 0) + Number(PROCESSES ?? 1);
    while (!(await count()).every(isThere)) {
      limit.throwIfAborted();
      await sleep(20);
    }
  };
}
