import type { Topology } from '../redis/address/redis-url.ts';
import { keyOn, type Primary, primariesOf } from '../redis/cluster/primaries.ts';
import type { Connection, ServerConnection } from '../redis/connection.ts';
import { contactAdvice, plainReason } from '../redis/server/contact.ts';
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
  /** How many replicas must have a job before its 202. */
  readonly wanted?: number;
  /** The last fault of the connection. It tells more than "not connected" does. */
  readonly lastFault?: LastFault;
}

/** Checks that Redis can serve, accepts writes and does not evict keys. Never rejects, and takes little more than a second. */
export async function checkHealth(
  { redis, keySpace }: Pick<Core, 'redis' | 'keySpace'>,
  { topology = 'single', wanted = 0, lastFault = () => undefined }: HealthOptions = {},
): Promise<Health> {
  const found = await whileItAnswers(redis, lastFault, async () => {
    const primaries = primariesOf(redis);
    const all = await Promise.all(
      primaries.map((primary) => findingsOf(primary, keyOn(redis, primary, keySpace.probe), wanted)),
    );
    return together(all);
  });
  const { reasons, durability, have } = typeof found === 'string' ? unready([found]) : found;
  return { ready: reasons.length === 0, reasons, topology, durability, replicas: { wanted, have } };
}

/** Why a worker cannot use this Redis; empty when it can. Never rejects, and takes little more than a second. */
export async function redisFaults(redis: Connection, lastFault: LastFault): Promise<readonly string[]> {
  const found = await whileItAnswers(redis, lastFault, async () => {
    const all = await Promise.all(primariesOf(redis).map(readFitness));
    return all.flatMap(({ reasons }) => reasons);
  });
  return typeof found === 'string' ? [found] : found;
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
  return `Redis does not answer: ${plainReason(reason)}.${advice === undefined ? '' : ` ${advice}`}`;
}

interface Findings extends Pick<Health, 'reasons' | 'durability'> {
  readonly have: number;
}

const unready = (reasons: string[], have = 0): Findings => ({
  reasons,
  durability: 'unknown',
  have,
});

async function findingsOf(primary: Primary, probe: string, wanted: number): Promise<Findings> {
  const { info, reasons } = await readFitness(primary);
  const have = replicasOf(info);
  if (reasons.length > 0) return unready(reasons, have);
  const found = await examine(primary, probe, info);
  const lacking = wanted === 0 ? [] : await lackingReplicas(primary, wanted, have);
  return { ...found, reasons: [...found.reasons, ...lacking.map(naming(primary))], have };
}

/** From the best to the worst. */
const DURABILITIES: readonly Durability[] = ['always', 'everysec', 'no', 'off', 'unknown'];

/** What holds for several primaries: all reasons, and the worst of the rest. */
const together = (all: readonly Findings[]): Findings => ({
  reasons: all.flatMap(({ reasons }) => reasons),
  durability:
    DURABILITIES.findLast((durability) => all.some((one) => one.durability === durability)) ?? 'unknown',
  have: Math.min(...all.map(({ have }) => have)),
});

/** Of a Cluster, reasons name their node. */
const naming =
  ({ node }: Primary) =>
  (reason: string): string =>
    node === '' ? reason : `${node}: ${reason}`;

async function readFitness(primary: Primary): Promise<{ info: Info; reasons: string[] }> {
  const { node, redis } = primary;
  const text = await redis.info(...FITNESS_SECTIONS).catch((error: unknown) => {
    // Redis before 7.0 takes no list of sections.
    if (isReply(error) && error.message.includes('syntax')) return redis.info('server');
    throw error;
  });
  const info = parseInfo(text);
  return { info, reasons: unfitness(info, node === '' ? 'single' : 'cluster').map(naming(primary)) };
}

async function examine(primary: Primary, probe: string, info: Info): Promise<Omit<Findings, 'have'>> {
  const { redis } = primary;
  const refusal = await writeRefusal(redis, probe);
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const reasons = refusal === undefined ? [] : [`Redis refuses writes: ${refusal}`];
  if (policy !== 'noeviction' && policy !== 'unknown') {
    reasons.push(
      `Redis may evict jobs: its maxmemory-policy is ${policy}. Run: redis-cli CONFIG SET maxmemory-policy noeviction`,
    );
  }
  const durability = info.get('aof_enabled') === '1' ? await fsyncMode(redis) : 'off';
  return { reasons: reasons.map(naming(primary)), durability };
}

/** Why submits cannot get the replicas that they wait for. */
async function lackingReplicas({ redis }: Primary, wanted: number, have: number): Promise<string[]> {
  // For no replica it answers at once.
  const refusal = await redis.wait(0, 1).then(() => undefined, replyOf);
  const effect = 'Submits get 503 not-replicated.';
  if (refusal !== undefined) {
    return [
      `REPLICAS_ACK is ${wanted}, and Redis refuses WAIT: ${refusal}. ${effect} Give the user of REDIS_URL the right +wait, or set REPLICAS_ACK=0.`,
    ];
  }
  if (have >= wanted) return [];
  return [
    `REPLICAS_ACK is ${wanted}, and the primary has ${have === 1 ? '1 replica' : `${have} replicas`}. ${effect} Start replicas, or lower REPLICAS_ACK.`,
  ];
}

const isReply = (error: unknown): error is Error => error instanceof Error && error.name === 'ReplyError';

/** Why Redis refuses a write now (out of memory, disk fault, replica), or undefined. An empty SETRANGE makes no key. */
async function writeRefusal(redis: ServerConnection, key: string): Promise<string | undefined> {
  try {
    await redis.setrange(key, 0, '');
    return undefined;
  } catch (error) {
    return replyOf(error);
  }
}

function replyOf(error: unknown): string {
  if (isReply(error)) return error.message;
  throw error;
}

/** A managed Redis may refuse CONFIG. That is no fault. */
async function fsyncMode(redis: ServerConnection): Promise<Durability> {
  try {
    const reply = (await redis.config('GET', 'appendfsync')) as string[];
    const mode = reply[1];
    return mode === 'always' || mode === 'everysec' || mode === 'no' ? mode : 'unknown';
  } catch (error) {
    if (isReply(error)) return 'unknown';
    throw error;
  }
}
