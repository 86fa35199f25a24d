import { endpointText, type RedisUrl } from '../../redis/address/redis-url.ts';
import type { RedisTarget } from '../../redis/address/target.ts';
import { askSentinel } from '../../redis/sentinel/ask-sentinel.ts';
import { readWithin } from './reading.ts';
import type { SentinelReading } from './readings.ts';

const ANSWER_MS = 2_000;

/** What each sentinel of REDIS_URL says. */
export const readSentinels = (
  { endpoints, primaryName }: Extract<RedisUrl, { topology: 'sentinel' }>,
  { sentinelUser, sentinelPassword, tls }: RedisTarget,
): Promise<SentinelReading[]> =>
  Promise.all(
    endpoints.map(async (endpoint) => ({
      sentinel: endpointText(endpoint),
      primary: await readWithin(ANSWER_MS, async () => {
        const access = { primaryName, user: sentinelUser, password: sentinelPassword, tls };
        const told = await askSentinel(endpoint, access);
        return endpointText(told.primary);
      }),
    })),
  );
