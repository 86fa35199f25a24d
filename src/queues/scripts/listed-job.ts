import { decodeFound, type Found, LOOKUP, lookupNames } from '../../jobs/scripts/lookup.ts';
import { QUEUE_ROOM } from '../../lifecycle/scripts/fragments/limits.ts';
import type { Connection } from '../../redis/connection.ts';
import type { Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { bytesOf } from '../../redis/script/lua.ts';
import { headOnly } from './entries.ts';

/**
 * Finds a job for a listing, which shows no result: a job that has ended since is `gone`. An entry of more than `maxBytes`
 * comes without its payload.
 *
 * Returns { `found` of `LOOKUP`, bytes of the job, bytes without what is left out }.
 */
export const listedJobScript = defineScript({
  name: 'listed-job',
  onlyReads: true,
  args: ['maxBytes'],
  fragments: [QUEUE_ROOM, LOOKUP],
  uses: [bytesOf, headOnly],
  lua: `
if found[1] == 'result' then return { { 'gone' }, 0, 0 } end
if not found[3] then return { found, 0, 0 } end
local entryBytes, noteBytes = bytesOf(found[3]), #found[4][2] + #found[4][3] + #found[4][8]
if entryBytes > tonumber(maxBytes) then found[3] = headOnly(found[3]) end
return { found, noteBytes + entryBytes, noteBytes + bytesOf(found[3]) }
`,
});

export interface ListedJob {
  found: Found;
  /** Bytes of the job as it is stored, and of what has come of it. */
  bytes: number;
  readBytes: number;
}

/** Finds a job, without its payload if the entry has more than `maxBytes`. */
export async function readListed(
  redis: Connection,
  queue: QueueKeys,
  ref: Ref,
  maxBytes: number,
): Promise<ListedJob> {
  const [keys, args] = lookupNames(queue, ref);
  const [found, bytes, readBytes] = (await listedJobScript.run(redis, keys, { ...args, maxBytes })) as [
    unknown,
    number,
    number,
  ];
  return { found: decodeFound(found), bytes, readBytes };
}
