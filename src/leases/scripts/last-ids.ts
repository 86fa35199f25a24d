import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script.ts';

/**
 * Where streams end, without their entries, which may be long.
 *
 * KEYS: streams. Returns the last id that each has given, '0-0' for one that is not there.
 */
export const lastIdsScript = defineScript(
  'ends',
  `
local ends = {}
for i, stream in ipairs(KEYS) do ends[i] = redis.call('EXISTS', stream) == 1 and lastId(stream) or '0-0' end
return ends
`,
);

/** In the order of the streams. */
export async function readLastIds(redis: Connection, streams: readonly string[]): Promise<string[]> {
  return (await lastIdsScript.run(redis, streams, [])) as string[];
}
