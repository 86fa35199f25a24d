import type { Topology } from '../redis/address/redis-url.ts';
import type { Connection } from '../redis/connection.ts';
import { contactAdvice } from '../redis/server/contact.ts';
import { parseInfo } from '../redis/server/info.ts';
import { replicasOf } from '../redis/server/kind.ts';
import type { Core } from './core.ts';
import { FITNESS_SECTIONS, unfitness } from './redis-fitness.ts';

/** When Redis writes accepted jobs to disk; `off` without an append-only file, `unknown` when Redis does not tell. */
export type Durability = 'always' | 'everysec' | 'no' | 'off' | 'unknown';

export interface Health {
  ready: boolean;
  /** Why the service is not ready; empty when it is. */
  reasons: string[];
  /** What REDIS_URL names. */
  topology: Topology;
  durability: Durability;
  /** `wanted`: how many replicas must have a job before its 202. `have`: how many follow the primary now. */
  replicas: { wanted: number; have: number };
  /** What an operator should mend although the service is ready. Absent when there is nothing. */
  warnings?: string[];
}

/** A Redis that says nothing for this long does not serve, ms. */
const ANSWER_MS = 1_000;

type LastFault = () => Error | undefined;
type Info = ReadonlyMap<string, string>;

export interface HealthOptions {
  readonly topology?: Topology;
  /** The last fault of the connection. It tells more than "not connected" does. */
  readonly lastFault?: LastFault;
}

/** Checks that Redis can serve, accepts writes and does not evict keys. Never rejects, and takes little more than a second. */
export async function checkHealth(
  { redis, keySpace }: Pick<Core, 'redis' | 'keySpace'>,
  { topology = 'single', lastFault = () => undefined }: HealthOptions = {},
): Promise<Health> {
  const found = await whileItAnswers(redis, lastFault, async () => {
    const { info, reasons } = await readFitness(redis);
    const replicas = { wanted: 0, have: replicasOf(info) };
    return {
      replicas,
      ...(reasons.length > 0 ? unready(reasons) : await examine(redis, keySpace.probe, info)),
    };
  });
  const { reasons, durability, replicas } =
    typeof found === 'string' ? { ...unready([found]), replicas: { wanted: 0, have: 0 } } : found;
  return { ready: reasons.length === 0, reasons, topology, durability, replicas };
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
    return noAnswer(fault instanceof Error ? fault.message : String(fault));
  });
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<string>((resolve) => {
    const reason = noAnswer(`it has said nothing for ${ANSWER_MS} ms`);
    timer = setTimeout(() => resolve(reason), ANSWER_MS);
  });
  const found = await Promise.race([looked, silent]);
  clearTimeout(timer);
  return found;
}

function noAnswer(reason: string): string {
  const advice = contactAdvice(reason);
  return `Redis does not answer: ${reason.replace(/\.$/, '')}.${advice === undefined ? '' : ` ${advice}`}`;
}

type Findings = Pick<Health, 'reasons' | 'durability'>;

const unready = (reasons: string[]): Findings => ({ reasons, durability: 'unknown' });

async function readFitness(redis: Connection): Promise<{ info: Info; reasons: string[] }> {
  const text = await redis.info(...FITNESS_SECTIONS).catch((error: unknown) => {
    // Redis before 7.0 takes no list of sections.
    if (isReply(error) && error.message.includes('syntax')) return redis.info('server');
    throw error;
  });
  const info = parseInfo(text);
  return { info, reasons: unfitness(info) };
}

async function examine(redis: Connection, probe: string, info: Info): Promise<Findings> {
  const refusal = await writeRefusal(redis, probe);
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const reasons = refusal === undefined ? [] : [`Redis refuses writes: ${refusal}`];
  if (policy !== 'noeviction' && policy !== 'unknown') {
    reasons.push(
      `Redis may evict jobs: its maxmemory-policy is ${policy}. Run: redis-cli CONFIG SET maxmemory-policy noeviction`,
    );
  }
  return { reasons, durability: info.get('aof_enabled') === '1' ? await fsyncMode(redis) : 'off' };
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
