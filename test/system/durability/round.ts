import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisOptions, type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { createOrphanReaper, type OrphanReaper } from '../../../src/orphan-reaper.ts';
import { startApiProcess } from '../../helpers/workers/built-processes.ts';
import { findLost, submitUntilRefused } from './clients.ts';
import { cutToSynced, tracedRedis } from './trace.ts';

/** How Redis keeps its data. No file is rewritten in the few seconds of a round. */
export const MODES = {
  'no AOF': { persistent: false, settings: { save: '3600 1 300 100 60 10000' } },
  everysec: { settings: { appendfsync: 'everysec', 'auto-aof-rewrite-percentage': '0' } },
  always: { settings: { 'auto-aof-rewrite-percentage': '0' } },
} satisfies Record<string, RedisOptions>;

export type Mode = keyof typeof MODES;

export const CUTS = ['kill -9 of Redis', 'SIGTERM of Redis', 'power cut'] as const;
export type Cut = (typeof CUTS)[number];

export interface Round {
  accepted: number;
  lost: number;
  /** How long before the cut the oldest of the lost jobs was accepted, ms. */
  spanMs: number;
  /** Accepted jobs per second. */
  rate: number;
}

/**
 * One round on an empty Redis: clients submit for a while, Redis is hit, starts again on what it left, and
 * every job whose 202 reached its client is read back. That counts answers that were on their way through the API
 * when Redis was hit, too.
 */
export async function runRound(mode: Mode, cut: Cut, loadMs: number): Promise<Round> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mr-durability-')));
  const reaper = createOrphanReaper();
  try {
    return await playRound({ mode, cut, loadMs, folder, reaper });
  } finally {
    reaper.end();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Plan {
  mode: Mode;
  cut: Cut;
  loadMs: number;
  folder: string;
  reaper: OrphanReaper;
}

async function playRound({ mode, cut, loadMs, folder, reaper }: Plan): Promise<Round> {
  const logFile = join(folder, 'trace');
  const options = { ...MODES[mode], dir: join(folder, 'redis'), reaper };
  const traced = cut === 'power cut' ? { binary: await tracedRedis(logFile) } : {};
  let redis: RedisServer = await startRedis({ ...options, ...traced });
  const api = await startApiProcess(redis.url, reaper);
  const isCut = new AbortController();
  try {
    const startedAt = performance.now();
    const submitted = submitUntilRefused(api.origin, isCut.signal);
    await Promise.race([sleep(loadMs), submitted]);
    const cutAt = performance.now();
    isCut.abort();
    if (cut === 'SIGTERM of Redis') await redis.stop();
    else await redis.kill();
    const accepted = await submitted;
    if (cut === 'power cut') await cutToSynced(logFile, redis.pid, redis.dir);
    redis = await startRedis(options);
    await api.untilReady();
    const lost = await findLost(api.origin, accepted);
    const oldest = Math.min(cutAt, ...lost.map(({ at }) => at));
    const rate = (accepted.length / (cutAt - startedAt)) * 1_000;
    return { accepted: accepted.length, lost: lost.length, spanMs: cutAt - oldest, rate };
  } finally {
    await api.stop();
    await redis.stop();
  }
}
