import type { Connection } from '../../redis/connection.ts';
import { letterOf } from '../../redis/job-id.ts';
import { GROUP, type Place, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { bytesOf, now, pendingRow } from '../../redis/script/lua.ts';
import { headOnly } from './entries.ts';

/** Jobs of one call, and bytes of their entries: both bound the time for which it keeps Redis busy. */
const STEP = 100;
const STEP_BYTES = 1_048_576;

/**
 * Lists the pending entries of a stream without their payloads.
 *
 * `from`: the first entry id, as XPENDING takes it.
 * Returns { now, 1 if there may be more else 0, rows of `RawRow` }.
 */
export const runningJobsScript = defineScript({
  name: 'running-jobs',
  onlyReads: true,
  queueKeys: ['notes'],
  keys: ['stream'],
  args: ['letter', 'from', 'count', 'maxBytes'],
  uses: [now, pendingRow, bytesOf, headOnly],
  lua: `
local rows, bytes = {}, 0
if redis.call('EXISTS', stream) == 0 or #redis.call('XINFO', 'GROUPS', stream) == 0 then return { now, 0, rows } end
local pending = redis.call('XPENDING', stream, '${GROUP}', from, '+', count)
for i = 1, #pending do
  local id = pending[i][1]
  local row, startedAt = pendingRow(stream, '${GROUP}', id)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  local fields, before = entry and entry[2] or {}, redis.call('HGET', notes, letter .. id .. ${NOTE.failedBeforeRequeue})
  rows[i] = { id, row[2], startedAt, row[4] - (before or 0), headOnly(fields) }
  bytes = bytes + bytesOf(fields)
  if bytes >= tonumber(maxBytes) then break end
end
return { now, (#rows < #pending or #rows == tonumber(count)) and 1 or 0, rows }
`,
});

type RawRow = [entryId: string, consumer: string, startedAt: number, attempt: number, fields: string[]];

/** A running job. Times are Unix ms by the clock of Redis. */
export interface RunningRow {
  entryId: string;
  consumer: string;
  startedAt: number;
  attempt: number;
  /** The fields of the entry, with `null` for the payload. */
  fields: string[];
}

/** At most `count` running jobs of a place, the oldest entries first, after the entry id `after` ('': from the start). */
export async function runningJobs(
  redis: Connection,
  queue: QueueKeys,
  place: Place,
  { after, count }: { after: string; count: number },
): Promise<{ now: number; rows: RunningRow[] }> {
  const rows: RunningRow[] = [];
  for (;;) {
    const last = rows.at(-1)?.entryId ?? after;
    const [now, mayHaveMore, found] = (await runningJobsScript.run(
      redis,
      { queue, stream: queue.stream[place] },
      {
        letter: letterOf(place),
        from: last === '' ? '-' : `(${last}`,
        count: Math.min(STEP, count - rows.length),
        maxBytes: STEP_BYTES,
      },
    )) as [number, number, RawRow[]];
    rows.push(...found.map(decodeRow));
    if (mayHaveMore === 0 || found.length === 0 || rows.length >= count) return { now, rows };
  }
}

const decodeRow = ([entryId, consumer, startedAt, attempt, fields]: RawRow): RunningRow => ({
  entryId,
  consumer,
  startedAt,
  attempt,
  fields,
});
