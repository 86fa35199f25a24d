import type { Connection } from '../../redis/connection.ts';
import { formatRef } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';
import type { Held } from './release.ts';

/** Characters of a report that stands in its event, which many may be kept of. */
const MAX_TOLD = 512;

/**
 * Notes what a running attempt reports.
 *
 * KEYS: stream, notes, events, settings. ARGV: consumer, entry id, ref, token, progress as JSON.
 * Returns 1, or 0 when the delivery belongs to this lease no more.
 */
export const noteProgressScript = defineScript(
  'progress',
  `
local consumer, id, ref, token, value = unpack(ARGV)
if not owns(KEYS[1], id, consumer, token) then return 0 end
redis.call('HSET', KEYS[2], ref .. ':p', value)
announce(KEYS[3], 'progress', { ref }, KEYS[4], #value <= ${MAX_TOLD} and value or nil)
return 1
`,
);

export async function noteProgress(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  delivery: Omit<Held, 'begun'>,
  progress: string,
): Promise<boolean> {
  const { place, entryId } = delivery.ref;
  const reply = await noteProgressScript.run(
    redis,
    [keys.stream[place], keys.notes, keys.events, keys.settings],
    [consumer, entryId, formatRef(delivery.ref), delivery.token, progress],
  );
  return reply === 1;
}
