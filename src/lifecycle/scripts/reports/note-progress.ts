import type { Connection } from '../../../redis/connection.ts';
import { formatRef } from '../../../redis/job-id.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { deliveredAt, publishEvent } from '../lua.ts';
import type { Held } from '../release.ts';

/** Characters of progress that its event shows; a longer one is read from the notes. */
const MAX_SHOWN = 512;

/** Notes the progress of a running attempt, JSON. Returns 1, or 0 when the lease no longer holds the delivery. */
export const noteProgressScript = defineScript({
  name: 'note-progress',
  queueKeys: ['notes', 'events', 'settings', 'changed'],
  keys: ['stream'],
  args: ['consumer', 'id', 'ref', 'token', 'progress'],
  uses: [deliveredAt, publishEvent],
  lua: `
if not deliveredAt(stream, id, consumer, token) then return 0 end
redis.call('HSET', notes, ref .. ${NOTE.progress}, progress)
publishEvent(events, 'progress', { ref }, settings, changed, #progress <= ${MAX_SHOWN} and progress or nil)
return 1
`,
});

export async function noteProgress(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  { ref, token }: Omit<Held, 'begun'>,
  progress: string,
): Promise<boolean> {
  const reply = await noteProgressScript.run(
    redis,
    { queue, stream: queue.stream[ref.place] },
    { consumer, id: ref.entryId, ref: formatRef(ref), token, progress },
  );
  return reply === 1;
}
