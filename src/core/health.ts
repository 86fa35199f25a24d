import type { Connection } from '../redis/connection.ts';
import type { Core } from './core.ts';
import { FITNESS_SECTIONS, unfitness } from './redis-fitness.ts';

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

/** A Redis that says nothing for this long does not serve, ms. */
const ANSWER_MS = 1_000;

type LastFault = () => Error | undefined;

/**
 * Checks that Redis can serve, accepts writes and does not evict keys. Never rejects, and takes little more than a second.
 *
 * @param lastFault the last fault of the connection. It tells more than "not connected" does.
 */
export async function checkHealth(
  { redis, keySpace }: Pick<Core, 'redis' | 'keySpace'>,
  lastFault: LastFault = () => undefined,
): Promise<Health> {
  const found = await whileItAnswers(redis, lastFault, async () => {
    const { info, reasons } = await readFitness(redis);
    return reasons.length > 0 ? notReady(...reasons) : examine(redis, keySpace.probe, info);
  });
  return typeof found === 'string' ? notReady(found) : found;
}

/** Why a worker cannot use this Redis; empty when it can. Never rejects, and takes little more than a second. */
export async function redisFaults(redis: Connection, lastFault: LastFault): Promise<readonly string[]> {
  const found = await whileItAnswers(redis, lastFault, () => readFitness(redis));
  return typeof found === 'string' ? [found] : found.reasons;
}

/** What `look` finds, or why Redis does not answer. */
async function whileItAnswers<T>(
  redis: Connection,
  lastFault: LastFault,
  look: () => Promise<T>,
): Promise<T | string> {
  const looked = look().catch((error: unknown) => {
    const fault = (redis.status === 'ready' ? undefined : lastFault()) ?? error;
    return `Redis does not answer: ${fault instanceof Error ? fault.message : String(fault)}`;
  });
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<string>((resolve) => {
    const reason = `Redis does not answer: it has said nothing for ${ANSWER_MS} ms.`;
    timer = setTimeout(() => resolve(reason), ANSWER_MS);
  });
  const found = await Promise.race([looked, silent]);
  clearTimeout(timer);
  return found;
}

const notReady = (...reasons: string[]): Health => ({ ready: false, reasons, durability: 'unknown' });

async function readFitness(redis: Connection): Promise<{ info: string; reasons: string[] }> {
  const info = await redis.info(...FITNESS_SECTIONS).catch((error: unknown) => {
    // Redis before 7.0 takes no list of sections.
    if (isReply(error) && error.message.includes('syntax')) return redis.info('server');
    throw error;
  });
  return { info, reasons: unfitness(info) };
}

async function examine(redis: Connection, probe: string, info: string): Promise<Health> {
  const refusal = await writeRefusal(redis, probe);
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'unknown';
  const aof = /^aof_enabled:1/m.test(info);
  const reasons = refusal === undefined ? [] : [`Redis refuses writes: ${refusal}`];
  if (policy !== 'noeviction' && policy !== 'unknown') {
    reasons.push(
      `Redis may evict jobs: its maxmemory-policy is ${policy}. Run: redis-cli CONFIG SET maxmemory-policy noeviction`,
    );
  }
  return { ready: reasons.length === 0, reasons, durability: aof ? await fsyncMode(redis) : 'off' };
}

const isReply = (error: unknown): error is Error => error instanceof Error && error.name === 'ReplyError';

/** Why Redis refuses a write now (out of memory, disk fault, replica), or undefined. An empty SETRANGE makes no key. */
async function writeRefusal(redis: Connection, key: string): Promise<string | undefined> {
  try {
    await redis.setrange(key, 0, '');
    return undefined;
  } catch (error) {
    if (isReply(error)) return error.message;
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
    if (isReply(error)) return 'unknown';
    throw error;
  }
}
