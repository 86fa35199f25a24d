import { withoutPayload } from '../../lifecycle/scripts/lua.ts';
import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import { GROUP, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { bytesOf, letters } from '../../redis/script/lua.ts';
import { RECORD_STATUS, readHead } from '../../redis/script/result-head.ts';

/** How a job stands towards a lease. */
export type JobLeaseState =
  /** The lease holds the job. `runMs`: since its delivery. */
  | {
      kind: 'held';
      token: number;
      attempt: number;
      runMs: number;
      /** Somebody has asked to cancel it. */
      cancelAsked: boolean;
      /** As stored, but the payload is there only if the result is to keep it. */
      fields: string[];
    }
  /** The last move of the job was made under this lease: the status in which it ended, or how it was put off. */
  | { kind: 'moved'; move: 'completed' | 'cancelled' | 'expired' | 'retry' | 'bury' | 'release' }
  | { kind: 'none' };

/** Jobs of one call, and bytes of their entries: bounds the time for which it keeps Redis busy. */
const STEP = 100;
const STEP_BYTES = 1_048_576;

/**
 * How jobs are related to a consumer that is known by its name alone: its moves need the fencing tokens. If the consumer group
 * is missing, the lease holds no jobs.
 *
 * `isSettling`: 1 when the jobs are to be settled, else 0; a job that the consumer cannot settle counts as a stale commit.
 * Returns per job { 'held', token, attempt, run ms, cancel asked 0|1, fields } | { 'moved', move } | { 'none' }; after entries
 *   of 1 MiB, the other jobs are left out.
 */
export const heldJobsScript = defineScript({
  name: 'held-jobs',
  queueKeys: ['notes', 'totals', 'stream'],
  keys: [{ list: 'results' }],
  args: ['consumer', 'isSettling', { records: 'jobs', of: ['place', 'id'] }],
  uses: [letters, bytesOf, withoutPayload],
  lua: `
local reply, stale, bytes = {}, 0, 0
local function heldRow(key, id)
  local rows = redis.pcall('XPENDING', key, '${GROUP}', id, id, 1, consumer)
  if rows.err and not string.find(rows.err, 'NOGROUP', 1, true) then error(rows.err, 0) end
  return rows[1]
end
local function readEntry(key, id)
  local entry = redis.call('XRANGE', key, id, id)[1]
  bytes = bytes + bytesOf(entry and entry[2] or {})
  return entry
end
local function holdingOf(place, id, result)
  local ref, row = LETTERS[place] .. id, heldRow(stream[place], id)
  local entry = row and readEntry(stream[place], id)
  if entry then
    local noted = redis.call('HMGET', notes, ref .. ${NOTE.failedBeforeRequeue}, ref .. ${NOTE.cancelAskedAt})
    return { 'held', row[4], row[4] - (noted[1] or 0), row[3], noted[2] and 1 or 0, withoutPayload(entry[2]) }
  end
  local record = ${readHead('result')}
  local lease, status = string.match(record, '${RECORD_STATUS}')
  if lease == consumer then return { 'moved', status } end
  local move, by = string.match(redis.call('HGET', notes, ref .. ${NOTE.lastMove}) or '', '^(%a+):%d+:(.*)$')
  if by == consumer then return { 'moved', move } end
  -- Nobody can commit a job that never existed.
  if record ~= '' or readEntry(stream[place], id) then stale = stale + 1 end
  return { 'none' }
end
for i = 1, #jobs do
  if bytes > ${STEP_BYTES} then break end
  reply[i] = holdingOf(tonumber(jobs[i].place), jobs[i].id, results[i])
end
if isSettling == '1' and stale > 0 then redis.call('HINCRBY', totals, 'staleCommits', stale) end
return reply
`,
});

type RawHolding =
  | ['held', token: number, attempt: number, runMs: number, cancelAsked: number, fields: string[]]
  | ['moved', (JobLeaseState & { kind: 'moved' })['move']]
  | ['none'];

/** In bounded steps, in the order of the jobs. */
export async function readHeldJobs(
  redis: Connection,
  queue: QueueKeys,
  consumer: string,
  refs: readonly Ref[],
  purpose: 'settle' | 'read',
): Promise<JobLeaseState[]> {
  const isSettling = purpose === 'settle' ? 1 : 0;
  const states: JobLeaseState[] = [];
  while (states.length < refs.length) {
    const step = refs.slice(states.length, states.length + STEP);
    const results = step.map((ref) => queue.result(formatRef(ref)));
    const jobs = step.map(({ place, entryId }) => ({ place: placeIndex(place), id: entryId }));
    const rows = await heldJobsScript.run(redis, { queue, results }, { consumer, isSettling, jobs });
    states.push(...(rows as RawHolding[]).map(toState));
  }
  return states;
}

function toState(row: RawHolding): JobLeaseState {
  if (row[0] === 'held') {
    const [kind, token, attempt, runMs, asked, fields] = row;
    return { kind, token, attempt, runMs, cancelAsked: asked === 1, fields };
  }
  return row[0] === 'moved' ? { kind: 'moved', move: row[1] } : { kind: 'none' };
}
