import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import { inOrder, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script.ts';

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
      /** As stored, but for the payload, which is there only if the result is to keep it. */
      fields: string[];
    }
  /** The last move of the job was made under this lease: the status in which it ended, or how it was put off. */
  | { kind: 'moved'; move: 'completed' | 'cancelled' | 'expired' | 'retry' | 'bury' | 'release' }
  | { kind: 'none' };

/**
 * What a consumer, of which only the name is known, has to do with jobs: its moves need the fencing tokens.
 *
 * KEYS: notes, totals, streams x5, result keys. ARGV: consumer, 1 when the jobs are to be settled, else 0, then per job:
 *   stream index, entry id. What is not the consumer's to settle is counted as a stale commit.
 * A group that is missing has handed out nothing. Fields come without the payload, which may be long,
 * but where the result keeps it.
 * Returns per job { 'held', token, attempt, run ms, cancel asked 0|1, fields } | { 'moved', move } | { 'none' }.
 */
export const heldJobsScript = defineScript(
  'inspect',
  `
local notes, totals, consumer, reply, stale = KEYS[1], KEYS[2], ARGV[1], {}, 0
local function look(place, id, result)
  local stream, ref = KEYS[2 + place], LETTERS[place] .. id
  local rows = redis.pcall('XPENDING', stream, 'workers', id, id, 1, consumer)
  if rows.err and not string.find(rows.err, 'NOGROUP', 1, true) then error(rows.err, 0) end
  local row = rows[1]
  local entry = row and redis.call('XRANGE', stream, id, id)[1]
  if entry then
    local noted = redis.call('HMGET', notes, ref .. ':n', ref .. ':c')
    return { 'held', row[4], row[4] - (noted[1] or 0), row[3], noted[2] and 1 or 0, withoutPayload(entry[2]) }
  end
  local record = redis.call('GET', result)
  local lease, status = string.match(record or '', '^{"w":"([^"]*)","a":%d+[,"k:%d]*,"s":"(%a+)"')
  if lease == consumer then return { 'moved', status } end
  local move, by = string.match(redis.call('HGET', notes, ref .. ':l') or '', '^(%a+):%d+:(.*)$')
  if by == consumer then return { 'moved', move } end
  -- A job that never was is nobody's stale commit.
  if record or #redis.call('XRANGE', stream, id, id) > 0 then stale = stale + 1 end
  return { 'none' }
end
for i = 3, #ARGV, 2 do reply[#reply + 1] = look(tonumber(ARGV[i]), ARGV[i + 1], KEYS[7 + (i - 1) / 2]) end
if ARGV[2] == '1' and stale > 0 then redis.call('HINCRBY', totals, 'staleCommits', stale) end
return reply
`,
);

type Row =
  | ['held', number, number, number, number, string[]]
  | ['moved', (JobLeaseState & { kind: 'moved' })['move']]
  | ['none'];

/** In the order of the jobs. */
export async function readHeldJobs(
  redis: Connection,
  keys: QueueKeys,
  consumer: string,
  refs: readonly Ref[],
  purpose: 'settle' | 'read',
): Promise<JobLeaseState[]> {
  const rows = (await heldJobsScript.run(
    redis,
    [keys.notes, keys.totals, ...inOrder(keys.stream), ...refs.map((ref) => keys.result(formatRef(ref)))],
    [
      consumer,
      purpose === 'settle' ? 1 : 0,
      ...refs.flatMap(({ place, entryId }) => [placeIndex(place), entryId]),
    ],
  )) as Row[];
  return rows.map((row): JobLeaseState => {
    if (row[0] === 'held') {
      const [kind, token, attempt, runMs, asked, fields] = row;
      return { kind, token, attempt, runMs, cancelAsked: asked === 1, fields };
    }
    return row[0] === 'moved' ? { kind: 'moved', move: row[1] } : { kind: 'none' };
  });
}
