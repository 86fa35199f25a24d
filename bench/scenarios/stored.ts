import { GROUP, queueKeys } from '../../src/redis/keys.ts';
import type { BedRedis } from '../contract.ts';
import { QUEUE } from '../queues/queue.ts';

/** The command that counts the waiting jobs of a contender, as its own producer has stored them. */
const WAITING = {
  millrace: ['XLEN', queueKeys('mr', 'default').stream.normal],
  bullmq: ['LLEN', `bull:${QUEUE}:wait`],
  'bee-queue': ['LLEN', `bq:${QUEUE}:waiting`],
  floor: ['XLEN', QUEUE],
} as const;

export type StoredBy = keyof typeof WAITING;

/** @throws {Error} when there are more or fewer waiting jobs than were accepted. */
export async function checkStored(redis: BedRedis, by: StoredBy, accepted: number): Promise<void> {
  const stored = Number(await redis.call(...WAITING[by]));
  if (stored !== accepted) throw new Error(`${accepted} jobs were accepted and ${stored} are stored.`);
}

/** The command that counts the running jobs of a contender; XPENDING gives more, with the count in front. */
const RUNNING: Readonly<Record<string, readonly string[]>> = {
  millrace: ['XPENDING', queueKeys('mr', 'default').stream.normal, GROUP],
  bullmq: ['LLEN', `bull:${QUEUE}:active`],
  'bee-queue': ['LLEN', `bq:${QUEUE}:active`],
};

export async function runningNow(redis: BedRedis, by: string): Promise<number> {
  const reply = await redis.call(...(RUNNING[by] ?? []));
  return Number(Array.isArray(reply) ? reply[0] : reply);
}

/** For the submitting process of a peer. */
export const producerEnv = (redis: BedRedis): NodeJS.ProcessEnv => ({
  REDIS_SOCKET: redis.socketPath,
  QUEUE,
});
