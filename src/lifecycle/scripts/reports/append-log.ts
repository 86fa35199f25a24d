import type { Connection } from '../../../redis/connection.ts';
import { formatRef, type Ref } from '../../../redis/job-id.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { NOTE } from '../../../redis/note-fields.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { inChunks, now } from '../../../redis/script/lua.ts';
import { deliveredAt } from '../lua.ts';
import type { Held } from '../release.ts';

/** What is kept of the log of one job: its last lines, and bytes of these. */
export const MAX_LOG_LINES = 1_000;
export const MAX_LOG_BYTES = 65_536;

/** Hints that are kept for readers: they read seldom later than a second. */
const KEPT_HINTS = 1_000;

/**
 * Appends lines to the log of a running job, and hints at them. The log is a list: its head has the lines ever written and the bytes
 * kept, then come the kept lines, oldest first.
 *
 * `firstRef`: the one that readers know by the id of the job. `dropped`: lines that the caller has left out before these. `lines`: age in ms, and the JSON of a line
 * from the level on: `[at, attempt, level, message]`, at in Unix ms.
 * Returns 1, or 0 when the lease no longer holds the delivery.
 */
export const appendLogScript = defineScript({
  name: 'append-log',
  queueKeys: ['notes', 'logs', 'logHints'],
  keys: ['stream'],
  args: [
    'consumer',
    'id',
    'ref',
    'firstRef',
    'token',
    'attempt',
    'dropped',
    { records: 'lines', of: ['age', 'tail'] },
  ],
  uses: [now, deliveredAt, inChunks],
  isBatched: true,
  lua: `
if not deliveredAt(stream, id, consumer, token) then return 0 end
local log, texts = logs .. ref, {}
local total, bytes = string.match(redis.call('LPOP', log) or '0 0', '^(%d+) (%d+)$')
for i = 1, #lines do
  texts[i] = '[' .. now - lines[i].age .. ',' .. attempt .. ',' .. lines[i].tail
  bytes = bytes + #texts[i]
end
local kept
inChunks(texts, function(...) kept = redis.call('RPUSH', log, ...) end)
local function drop(count)
  for _, text in ipairs(redis.call('LPOP', log, count)) do bytes = bytes - #text end
end
if kept > ${MAX_LOG_LINES} then drop(kept - ${MAX_LOG_LINES}) end
while bytes > ${MAX_LOG_BYTES} do drop(1) end
redis.call('LPUSH', log, total + dropped + #lines .. ' ' .. bytes)
redis.call('HSET', notes, ref .. ${NOTE.logged}, '1')
redis.call('XADD', logHints, 'MAXLEN', '~', ${KEPT_HINTS}, '*', 'j', firstRef)
return 1
`,
});

/** Lines of one attempt, in their order. */
export interface LogBatch {
  /** Of the first entry of the job, which its id names. Absent: that of the delivery. */
  readonly first?: Ref;
  readonly attempt: number;
  /** Lines that were left out before these. */
  readonly dropped: number;
  /** Not empty; at most `MAX_LOG_LINES`, each of at most `MAX_LOG_BYTES`. */
  readonly lines: readonly { readonly ageMs: number; readonly tail: string }[];
}

export async function appendLog(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  { ref, token }: Omit<Held, 'begun'>,
  { first, attempt, dropped, lines }: LogBatch,
): Promise<boolean> {
  const reply = await appendLogScript.run(
    redis,
    { queue, stream: queue.stream[ref.place] },
    {
      consumer,
      id: ref.entryId,
      ref: formatRef(ref),
      firstRef: formatRef(first ?? ref),
      token,
      attempt,
      dropped,
      lines: lines.map(({ ageMs, tail }) => ({ age: Math.max(0, Math.round(ageMs)), tail })),
    },
  );
  return reply === 1;
}
