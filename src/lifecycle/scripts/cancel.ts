import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import { GROUP, placeIndex, type QueueKeys } from '../../redis/keys.ts';
import { NOTE } from '../../redis/note-fields.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now, toMap } from '../../redis/script/lua.ts';
import { resultHead } from '../../redis/script/result-head.ts';
import { MAX_DURATION_MS } from '../../schemas/values/duration.ts';
import type { WaitingStatus } from '../../schemas/values/names.ts';
import { deleteNotes } from './delete-notes.ts';
import { endKeys, findKeys, IS_FAIR, ownHeldPlace } from './keys/turns.ts';
import { publishEvent, wakeWorkers } from './lua.ts';
import { FREE_FOLLOWER } from './unique/followers.ts';

/** How long a running handler has to end after a cancel, before its job ends without it. */
export const CANCEL_PATIENCE_MS = 10_000;

/** Jobs of one call, and bytes of their entries, each of which is copied several times: both bound its time. */
const STEP = 50;
const STEP_BYTES = 262_144;

export type CancelOutcome =
  /** It waited, and has left its place; its result says why. */
  | 'withdrawn'
  /** It runs; its worker was asked to stop. */
  | 'asked'
  | 'finished'
  | 'not-found'
  /** It does not wait as the caller has said, or has another task; nothing was changed. */
  | 'other';

/**
 * Ends jobs that wait (cancelled by somebody, or expired), or asks their workers to stop them. A worker that was asked more
 * than `patienceMs` ago loses the delivery.
 *
 * `status`: 'cancelled' | 'expired'. `ttlMs`: how long a result is kept where the job does not say so, for at most `maxTtlMs`.
 * `isEnforced`: 1 to act only on a cancel that was asked that long ago, else 0. `only`: the status of the jobs to end, all of
 * which wait, or '' for any; `task`: their task, or ''.
 * Returns per job 'withdrawn' | 'asked' | 'finished' | 'not-found' | 'other', until entries of `maxBytes` are read. An expired
 * job that runs, or has run, is left alone: it has started in time.
 */
export const cancelScript = defineScript({
  name: 'cancel',
  queueKeys: [
    'scheduled',
    'holds',
    'ranked',
    'logs',
    'notes',
    'events',
    'totals',
    'control',
    'wake',
    'turns',
    'runningKeys',
    'runsFor',
    'expiring',
    'settings',
    'changed',
    'stream',
    'due',
    'dead',
  ],
  fragments: [FREE_FOLLOWER],
  keys: [{ list: 'results' }],
  args: [
    'status',
    'ttlMs',
    'maxTtlMs',
    'patienceMs',
    'isEnforced',
    'only',
    'task',
    'maxBytes',
    { records: 'jobs', of: ['place', 'id', 'ref'] },
  ],
  uses: [now, toMap, deleteNotes, publishEvent, wakeWorkers, findKeys, endKeys, ownHeldPlace],
  lua: `
local withdrawn, bytes, takenBack, ended = {}, 0, 0, {}

local function isRunning(place, id)
  local hasGroup = #redis.call('XINFO', 'GROUPS', stream[place]) > 0
  return hasGroup and #redis.call('XPENDING', stream[place], '${GROUP}', id, id, 1) > 0
end

-- Takes a running job from its worker if the worker was asked long ago; else asks it, and returns false.
local function takeBack(place, id, ref, cancelAskedAt)
  if status == 'expired' then return false end
  if not cancelAskedAt then redis.call('HSET', notes, ref .. ${NOTE.cancelAskedAt}, now) end
  if now - (cancelAskedAt or now) < tonumber(patienceMs) then
    redis.call('XADD', control, 'MAXLEN', '~', 1000, '*', 'cancel', ref)
    return false
  end
  redis.call('XACK', stream[place], '${GROUP}', id)
  takenBack = takenBack + 1
  return true
end

local function storeResult(key, log, fields, attempts, errors)
  local keptMs, payload = ttlMs, ''
  local record = ${resultHead({ lease: `''`, attempts: 'attempts', status: 'status', finishedAt: 'now', errors: 'errors' })}
  record = record .. ',"t":' .. cjson.encode(fields.t or '')
  -- Anybody may XADD: options that are no JSON object would spoil the record.
  local isJson, options = pcall(cjson.decode, fields.o or '')
  if isJson and type(options) == 'table' then
    record = record .. ',"o":' .. fields.o
    local own = tonumber(options.rt)
    if own and own >= 1 and own <= tonumber(maxTtlMs) then keptMs = math.floor(own) end
    -- The last member, and not checked: to parse a long payload here would hold up Redis.
    if options.k == true and fields.p then payload = ',"p":' .. fields.p end
  end
  redis.call('SET', key, record .. payload .. '}', 'PXAT', now + keptMs)
  if log then redis.call('PEXPIREAT', log, now + keptMs) end
end

local function cancel(place, id, ref, result)
  if only == '' then redis.call('ZREM', expiring, ref) end
  if redis.call('EXISTS', result) == 1 or redis.call('ZSCORE', dead[place], ref) then return 'finished' end
  local entry = redis.call('XRANGE', stream[place], id, id)[1]
  if not entry then return 'not-found' end
  local fields = toMap(entry[2])
  bytes = bytes + #(fields.p or '')

  local delayedTo, retryAt = redis.call('ZSCORE', scheduled, ref), redis.call('ZSCORE', due[place], ref)
  local waits = 'queued'
  if tonumber(delayedTo or retryAt or 0) > now then waits = delayedTo and 'scheduled' or 'retrying' end
  if only ~= '' and only ~= waits or task ~= '' and task ~= fields.t then return 'other' end

  local failed, errors, failedBefore, cancelAskedAt, startedAt, heldAs, hasLog, key, follower = unpack(redis.call('HMGET', notes,
    ref .. ${NOTE.failedDeliveries}, ref .. ${NOTE.errors}, ref .. ${NOTE.failedBeforeRequeue}, ref .. ${NOTE.cancelAskedAt},
    ref .. ${NOTE.startedAt}, ref .. ${NOTE.heldAs}, ref .. ${NOTE.logged},
    ref .. ${NOTE.runsFor}, ref .. ${NOTE.follower}), 1, 9)
  local attempts = (tonumber(failed) or 0) - (tonumber(failedBefore) or 0)
  if status == 'expired' and (failed or startedAt) then return 'asked' end
  if isEnforced == '1' and (not cancelAskedAt or now - cancelAskedAt < tonumber(patienceMs)) then return 'asked' end
  if not delayedTo and not retryAt and isRunning(place, id) then
    if only ~= '' then return 'other' end
    if not takeBack(place, id, ref, cancelAskedAt) then return 'asked' end
    attempts = attempts + 1
    ended[#ended + 1], ended[#ended + 2] = key, ref
  end

  redis.call('ZREM', expiring, ref)
  redis.call('ZREM', scheduled, ref)
  redis.call('ZREM', due[place], ref)
  if heldAs then redis.call('ZREM', holds, heldAs .. ref) end
  local keyHeldAs = ownHeldPlace(place, id, fields.o)
  if keyHeldAs then redis.call('ZREM', holds, keyHeldAs .. ref) end
  redis.call('XDEL', stream[place], id)
  deleteNotes(notes, ranked, ref)
  storeResult(result, hasLog and logs .. ref, fields, attempts, errors)
  if follower then freeFollower(follower) end
  withdrawn[#withdrawn + 1] = ref
  return 'withdrawn'
end

local outcomes = {}
for i = 1, #jobs do
  outcomes[i] = cancel(tonumber(jobs[i].place), jobs[i].id, jobs[i].ref, results[i])
  if bytes >= tonumber(maxBytes) then break end
end
if #withdrawn > 0 then redis.call('HINCRBY', totals, status, #withdrawn) end
local hasLimit, _, isKeyed = publishEvent(events, status, withdrawn, settings, changed)
local keysEnded = findKeys(runsFor, ended, isKeyed)
local ready = endKeys(runsFor, runningKeys, holds, turns, keysEnded, ${IS_FAIR})
wakeWorkers(wake, hasLimit and takenBack or ready)
return outcomes
`,
});

/** How jobs are to end. */
export interface Withdrawal {
  status: 'cancelled' | 'expired';
  resultTtlMs: number;
  /** `enforce` only ends a job whose worker was asked long ago and has not ended it. */
  mode?: 'ask' | 'enforce';
  /** Only jobs that wait with this status, and that have this task where one is given: nobody is asked to stop. */
  only?: { status: WaitingStatus; task?: string };
}

/** Ends jobs of a queue, or asks their workers to; in bounded steps. Outcomes are in their order. */
export async function withdrawAll(
  redis: Connection,
  queue: QueueKeys,
  refs: readonly Ref[],
  { status, resultTtlMs, mode = 'ask', only }: Withdrawal,
): Promise<CancelOutcome[]> {
  const outcomes: CancelOutcome[] = [];
  while (outcomes.length < refs.length) {
    const step = refs.slice(outcomes.length, outcomes.length + STEP);
    const jobs = step.map((ref) => ({ place: placeIndex(ref.place), id: ref.entryId, ref: formatRef(ref) }));
    const reply = await cancelScript.run(
      redis,
      { queue, results: jobs.map(({ ref }) => queue.result(ref)) },
      {
        status,
        ttlMs: resultTtlMs,
        maxTtlMs: MAX_DURATION_MS,
        patienceMs: CANCEL_PATIENCE_MS,
        isEnforced: mode === 'enforce' ? 1 : 0,
        only: only?.status ?? '',
        task: only?.task ?? '',
        maxBytes: STEP_BYTES,
        jobs,
      },
    );
    outcomes.push(...(reply as CancelOutcome[]));
  }
  return outcomes;
}

/**
 * Ends a waiting job as cancelled or expired, or asks the worker of a running one to cancel it. `enforce` only ends a job
 * whose worker was asked long ago and has not ended it.
 */
export async function cancelOrExpire(
  redis: Connection,
  queue: QueueKeys,
  ref: Ref,
  status: 'cancelled' | 'expired',
  resultTtlMs: number,
  mode: 'ask' | 'enforce' = 'ask',
): Promise<CancelOutcome> {
  const [outcome = 'not-found'] = await withdrawAll(redis, queue, [ref], { status, resultTtlMs, mode });
  return outcome;
}
