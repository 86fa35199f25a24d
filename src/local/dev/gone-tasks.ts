import { redisTarget } from '../../config/redis.ts';
import type { Config } from '../../config.ts';
import { isCluster } from '../../redis/cluster/slots.ts';
import { connectForWork, whenReady } from '../../redis/connect.ts';
import { KeySpace } from '../../redis/keyspace.ts';
import { matchesQueue } from '../../schemas/values/queue-patterns.ts';
import { forgetTasks } from '../../tasks/announcements.ts';

const CONNECT_MS = 5_000;

/**
 * Withdraws tasks whose files are gone, in the queues of the worker: a submit is then refused at once. Elsewhere an announcement
 * lasts a day, as another worker may have the task.
 *
 * @throws {Error} when Redis does not answer.
 */
export async function withdrawGone(
  config: Config,
  names: readonly string[],
  connectMs = CONNECT_MS,
): Promise<void> {
  if (names.length === 0) return;
  let reason = 'it did not answer in time';
  const onError = ({ message }: Error) => {
    reason = message;
  };
  const redis = connectForWork({ ...redisTarget(config), name: 'millrace-dev', scripts: [], onError });
  try {
    if (!(await whenReady(redis, connectMs))) throw new Error(`Redis is not reached: ${reason}`);
    const keySpace = new KeySpace(config.prefix, isCluster(redis));
    const all = await redis.smembers(keySpace.queues);
    const served = all.filter((queue) => config.queues.some((wanted) => matchesQueue(wanted, queue)));
    for (const queue of served) await forgetTasks(redis, keySpace.queue(queue), names);
  } finally {
    redis.disconnect();
  }
}
