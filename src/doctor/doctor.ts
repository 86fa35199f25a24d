import { type Clock, systemClock } from '../clock.ts';
import { type Area, judge } from './judge.ts';
import { readApi } from './readings/read-api.ts';
import { readEnvironment } from './readings/read-environment.ts';
import { readHost } from './readings/read-host.ts';
import { readRedis } from './readings/read-redis.ts';
import { valueIn } from './readings/reading.ts';

/** Reads everything and judges it. Changes nothing, never rejects, and ends within half a minute whatever hangs. */
export async function examine(
  env: NodeJS.ProcessEnv,
  folder: string,
  clock: Clock = systemClock,
): Promise<Area[]> {
  const environment = await readEnvironment(env, folder);
  const [redis, api] = await Promise.all([
    readRedis(environment.redis, clock),
    readApi(environment.api, clock),
  ]);
  const [server] = 'servers' in redis ? redis.servers : [];
  const info = server?.isLocal ? valueIn(server.info) : undefined;
  const host = await readHost(info?.get('process_id') ?? '');
  return judge({ now: clock.wall(), environment: environment.readings, host, redis, api });
}
