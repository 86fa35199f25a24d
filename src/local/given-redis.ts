import { redisTarget } from '../config/redis.ts';
import type { Config } from '../config.ts';
import { withoutSecrets } from '../redis/address/redis-url.ts';
import { connectForWork, whenReady } from '../redis/connect.ts';

/** A Redis that runs answers at once. */
const ANSWER_MS = 5_000;

/**
 * Waits until the Redis of REDIS_URL answers, before parts that would try for ever are started.
 *
 * @throws {Error} when it does not answer in time, with its address and what to do.
 */
export async function untilRedisAnswers(config: Config, answerMs = ANSWER_MS): Promise<void> {
  let reason = `no answer within ${answerMs} ms`;
  const onError = ({ message }: Error) => {
    reason = message;
  };
  const redis = connectForWork({ ...redisTarget(config), name: 'millrace-start', scripts: [], onError });
  try {
    if (await whenReady(redis, answerMs)) return;
  } finally {
    redis.disconnect();
  }
  throw new Error(
    `No Redis answers at ${withoutSecrets(config.redisUrl)} (${reason}). Start it or mend REDIS_URL, or unset REDIS_URL to have a Redis started here.`,
  );
}
