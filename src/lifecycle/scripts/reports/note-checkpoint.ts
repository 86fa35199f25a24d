import type { Connection } from '../../../redis/connection.ts';
import { formatRef } from '../../../redis/job-id.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { deliveredAt } from '../lua.ts';
import type { Held } from '../release.ts';

/**
 * Notes the checkpoint of a running attempt, JSON; 'null' removes it. Makes no event: a task may report one for each item of its
 * work. Returns 1, or 0 when the lease no longer holds the delivery: the checkpoint of the next attempt stays.
 */
export const noteCheckpointScript = defineScript({
  name: 'note-checkpoint',
  queueKeys: ['notes'],
  keys: ['stream'],
  args: ['consumer', 'id', 'ref', 'token', 'checkpoint'],
  uses: [deliveredAt],
  lua: `
if not deliveredAt(stream, id, consumer, token) then return 0 end
if checkpoint == 'null' then
  redis.call('HDEL', notes, ref .. ${NOTE.checkpoint})
else
  redis.call('HSET', notes, ref .. ${NOTE.checkpoint}, checkpoint)
end
return 1
`,
});

export async function noteCheckpoint(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  { ref, token }: Omit<Held, 'begun'>,
  checkpoint: string,
): Promise<boolean> {
  const reply = await noteCheckpointScript.run(
    redis,
    { queue, stream: queue.stream[ref.place] },
    { consumer, id: ref.entryId, ref: formatRef(ref), token, checkpoint },
  );
  return reply === 1;
}
