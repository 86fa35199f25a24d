import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { lastId } from '../../redis/script/lua.ts';

/** The last id of each stream, without reading entries (they can be large); '0-0' for a stream that is not there. */
export const lastIdsScript = defineScript({
  name: 'last-ids',
  onlyReads: true,
  keys: [{ list: 'streams' }],
  uses: [lastId],
  lua: `
local ids = {}
for i = 1, #streams do ids[i] = redis.call('EXISTS', streams[i]) == 1 and lastId(streams[i]) or '0-0' end
return ids
`,
});

/** In the order of the streams. */
export async function readLastIds(redis: Connection, streams: readonly string[]): Promise<string[]> {
  return (await lastIdsScript.run(redis, { streams }, {})) as string[];
}
