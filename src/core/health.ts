import type { Connection } from '../redis/connection.ts';
import type { Core } from './core.ts';

/** When Redis writes accepted jobs to disk; `off` without an append-only file, `unknown` when Redis does not tell. */
export type Durability = 'always' | 'everysec' | 'no' | 'off' | 'unknown';

export interface Health {
  ready: boolean;
  /** Why the service is not ready; empty when it is. */
  reasons: string[];
  durability: Durability;
  /** What an operator should mend although the service is ready. Absent when there is nothing. */
  warnings?: string[];
}

/** Checks that Redis accepts writes and does not evict keys. Never rejects. */
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

/** Why Redis refuses a write now (out of memory, disk fault, replica), or undefined. An empty SETRANGE makes no key. */
async function writeRefusal(redis: Connection, key: string): Promise<string | undefined> {
  try {
    await redis.setrange(key, 0, '');
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return error.message;
    throw error;
  }
}

/** A managed Redis may refuse CONFIG. That is no fault. */
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
