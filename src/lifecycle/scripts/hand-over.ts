import type { Connection } from '../../redis/connection.ts';
import type { Ref } from '../../redis/job-id.ts';
import { GROUP, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { letters } from '../../redis/script/lua.ts';

/**
 * Moves a delivery from one consumer to another, which has a lease: same token, same attempt, same start.
 *
 * `place`: index of the place; `from`, `to`: names of the consumers.
 * Returns { 1 when the delivery was moved, 1 when somebody asked to cancel the job }.
 */
export const handOverScript = defineScript({
  name: 'hand-over',
  queueKeys: ['leases', 'notes', 'stream'],
  args: ['place', 'id', 'token', 'from', 'to'],
  uses: [letters],
  lua: `
local at = tonumber(place)
local row = redis.call('XPENDING', stream[at], '${GROUP}', id, id, 1, from)[1]
if not row or row[4] ~= tonumber(token) or not redis.call('ZSCORE', leases, to) then return { 0, 0 } end
redis.call('XCLAIM', stream[at], '${GROUP}', to, 0, id, 'IDLE', row[3], 'RETRYCOUNT', token, 'JUSTID')
return { 1, redis.call('HEXISTS', notes, LETTERS[at] .. id .. ${NOTE.cancelAskedAt}) }
`,
});

/** A delivery, and who shall hold it from now on. */
export interface HandOver {
  ref: Ref;
  /** Fencing token. */
  token: number;
  from: string;
  to: string;
}

/** Undefined when `from` does not hold the delivery any more, or `to` has no lease; nothing is changed then. */
export async function handOver(
  redis: Connection,
  queue: QueueKeys,
  { ref, token, from, to }: HandOver,
): Promise<{ cancelAsked: boolean } | undefined> {
  const [moved, asked] = (await handOverScript.run(
    redis,
    { queue },
    { place: placeIndex(ref.place), id: ref.entryId, token, from, to },
  )) as [number, number];
  return moved === 1 ? { cancelAsked: asked === 1 } : undefined;
}
