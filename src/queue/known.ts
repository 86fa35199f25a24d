import { AppError } from '../errors.ts';
import { inOrder, type QueueKeys } from '../redis/keys.ts';
import type { Core } from './core.ts';

/** The keys of a queue that there is. @throws {AppError} queue-not-found. */
export async function knownQueue({ redis, keySpace }: Core, queue: string): Promise<QueueKeys> {
  const keys = keySpace.queue(queue);
  // After Redis was emptied a queue has jobs again before it is listed again.
  const [listed, streams] = await Promise.all([
    redis.sismember(keySpace.queues, queue),
    redis.exists(...inOrder(keys.stream)),
  ]);
  if (listed === 0 && streams === 0) {
    throw new AppError('queue-not-found', `No job or worker has come to a queue named "${queue}" yet.`);
  }
  return keys;
}

/** Makes the queue known. One that is can be steered while Redis is full and takes nothing new. */
export const noteQueue = (core: Core, queue: string): Promise<void> => noteQueues(core, [queue]);

export async function noteQueues({ redis, keySpace }: Core, queues: readonly string[]): Promise<void> {
  const known = await redis.smismember(keySpace.queues, ...queues);
  const unknown = queues.filter((_, i) => known[i] === 0);
  if (unknown.length > 0) await redis.sadd(keySpace.queues, unknown);
}
