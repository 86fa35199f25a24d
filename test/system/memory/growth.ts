import type { Connection } from '../../../src/redis/connection.ts';
import { withBench } from './bench.ts';

const WARM_UP = 20_000;
const JOBS = 200_000;
const RESULT_TTL = '2s';
/** Redis must hold no more than this beyond what it held at the start, as a share of that. */
const ALLOWED = 0.05;

interface KeyUse {
  bytes: number;
  /** Entries, fields or members. */
  length: number;
}

/** Runs jobs until their results are gone, and tells what is left of them. False when it is too much. */
export async function measureGrowth(): Promise<boolean> {
  return withBench({}, async ({ redis, submit, settled, usedMemory }) => {
    const run = async (count: number, completed: number) => {
      await submit(count, (payload) => ({ task: 'echo', payload, resultTtl: RESULT_TTL }));
      await settled({ completed, retried: 0 });
      return { used: await usedMemory(), keys: await keyUses(redis) };
    };
    const start = await run(WARM_UP, WARM_UP);
    const end = await run(JOBS, WARM_UP + JOBS);
    const growth = end.used / start.used - 1;
    console.log(
      `used_memory after ${WARM_UP} jobs: ${start.used}; after ${JOBS} more, all results expired: ${end.used} (${(growth * 100).toFixed(1)} %)\n`,
    );
    console.log('| key | entries at the start, at the end | bytes at the start, at the end |');
    console.log('|---|---|---|');
    for (const key of new Set([...start.keys.keys(), ...end.keys.keys()])) {
      const uses = [start.keys.get(key), end.keys.get(key)];
      const cells = [key, ...(['length', 'bytes'] as const).map((of) => uses.map((use) => use?.[of] ?? 0))];
      console.log(`| ${cells.map((cell) => (Array.isArray(cell) ? cell.join(', ') : cell)).join(' | ')} |`);
    }
    return growth <= ALLOWED;
  });
}

/** Every key that there is: few, at rest. */
async function keyUses(redis: Connection): Promise<Map<string, KeyUse>> {
  const uses = new Map<string, KeyUse>();
  for (const key of (await redis.keys('*')).sort()) {
    const bytes = Number(await redis.memory('USAGE', key, 'SAMPLES', 0));
    uses.set(key, { bytes, length: await lengthOf(redis, key) });
  }
  return uses;
}

async function lengthOf(redis: Connection, key: string): Promise<number> {
  switch (await redis.type(key)) {
    case 'stream':
      return redis.xlen(key);
    case 'hash':
      return redis.hlen(key);
    case 'zset':
      return redis.zcard(key);
    case 'set':
      return redis.scard(key);
    default:
      return 1;
  }
}
