import type { Connection } from '../redis/connection.ts';
import type { Core } from './core.ts';

/** How much of what was accepted survives the death of Redis, as far as Redis tells. */
export type Durability = 'always' | 'everysec' | 'no' | 'off' | 'unknown';

export interface Health {
  ready: boolean;
  /** Why not; empty when ready. */
  reasons: string[];
  durability: Durability;
}

/** Asks Redis whether it can be trusted with jobs, and takes any now. Never rejects. */
export async function checkHealth({ redis, keySpace }: Core): Promise<Health> {
  try {
    const [info, refusal] = await Promise.all([
      redis.info('memory', 'persistence'),
      writeRefusal(redis, keySpace.probe),
    ]);
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'unknown';
    const aof = /^aof_enabled:1/m.test(info);
    const reasons = refusal === undefined ? [] : [`Redis refuses writes: ${refusal}`];
    if (policy !== 'noeviction' && policy !== 'unknown') {
      reasons.push(
        `Redis may evict jobs: its maxmemory-policy is ${policy}. Run: redis-cli CONFIG SET maxmemory-policy noeviction`,
      );
    }
    return { ready: reasons.length === 0, reasons, durability: aof ? await fsyncMode(redis) : 'off' };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ready: false, reasons: [`Redis does not answer: ${detail}`], durability: 'unknown' };
  }
}

/** Why a write is refused just now: no memory, no disk, a replica ... SETRANGE with no text makes no key. */
async function writeRefusal(redis: Connection, key: string): Promise<string | undefined> {
  try {
    await redis.setrange(key, 0, '');
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return error.message;
    throw error;
  }
}

/** Managed servers may refuse CONFIG, which says nothing about their health. */
async function fsyncMode(redis: Connection): Promise<Durability> {
  try {
    const reply = (await redis.config('GET', 'appendfsync')) as string[];
    const mode = reply[1];
    return mode === 'always' || mode === 'everysec' || mode === 'no' ? mode : 'unknown';
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return 'unknown';
    throw error;
  }
}
