import { PLACES_OF_JOBS } from '../../../lifecycle/scripts/unique/places.ts';
import { openJobs, publishSubmitted, RANK_SPAN, wakeWorkers } from '../../../lifecycle/scripts/lua.ts';
import { WAKE_HORIZON_MS } from '../../../lifecycle/wake.ts';
import type { Connection } from '../../../redis/connection.ts';
import { encodeOptions } from '../../../redis/entry-options.ts';
import { parseRef, type Ref } from '../../../redis/job-id.ts';
import { placeIndex } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { letters, now } from '../../../redis/script/lua.ts';
import { DEFAULT_PRIORITY } from '../../../schemas/job.ts';
import type { UniqueRule } from '../../unique/rule.ts';
import { decodeOnce, type NewEntry, type Once, type Remembered, remember, replay } from './submit.ts';

/** Pointers to ended jobs that one submit looks for: more than it adds. */
const DROPPED = 2;

/**
 * Takes in a job that shares its place with others: the job that has the place, and whether it still has, follow from where
 * that job is. Drops some pointers to jobs that have lost theirs.
 *
 * `record`, `fingerprint`, `recordTtlMs`: as in `submit`. `digest`: names the place; `upTo`: 's' or ''; `forMs`: ms or 0;
 * `onConflict`: what is returned while the place is taken. `lane`: index of the stream; `startAt`, `delay`, `expiresIn`: ms or '';
 * `rank`: index of the priority, '' for normal; `options`: JSON with at least one member, without those that tell times.
 * Returns { 'stored' | onConflict, first ref } | { 'replayed', record } | { 'mismatch' } | { 'full', 1, limit }.
 */
export const submitUniqueScript = defineScript({
  name: 'submit-unique',
  queueKeys: ['scheduled', 'ranked', 'expiring', 'wake', 'settings', 'events', 'stream', 'dead', 'uniques'],
  keys: ['record'],
  fragments: [PLACES_OF_JOBS],
  args: [
    'wakeHorizonMs',
    'fingerprint',
    'recordTtlMs',
    'digest',
    'upTo',
    'forMs',
    'onConflict',
    'lane',
    'startAt',
    'delay',
    'rank',
    'priority',
    'expiresIn',
    'task',
    'payload',
    'options',
  ],
  whenFull: 'refused',
  uses: [letters, now, openJobs, wakeWorkers],
  lua: `
local function optionsText(starts)
  local text = string.sub(options, 2)
  if starts and priority ~= '' then text = '"pr":"' .. priority .. '",' .. text end
  if starts then text = '"at":' .. starts .. ',' .. text end
  if expiresIn ~= '' then text = '"x":' .. expiresIn .. ',' .. text end
  return '{' .. text
end

local function store()
  local configured, depth = redis.call('HMGET', settings, 'maxJobs', 'submitEvents', 'unique'), 1
  local limit, starts = tonumber(configured[1]), tonumber(startAt) or delay ~= '' and now + delay or nil
  for i = 1, limit and 5 or 0 do depth = depth + openJobs(stream[i], dead[i]) end
  if limit and depth > limit then return { 'full', 1, limit } end
  local target = starts and 5 or tonumber(lane)
  local entryId = redis.call('XADD', stream[target], '*', 't', task, 'p', payload, 'o', optionsText(starts))
  local stored = LETTERS[target] .. entryId
  if starts then
    redis.call('ZADD', scheduled, starts, stored)
    if rank ~= '' then redis.call('ZADD', ranked, rank * ${RANK_SPAN} + starts, stored) end
    if starts - now < tonumber(wakeHorizonMs) then wakeWorkers(wake, 1) end
  end
  if expiresIn ~= '' then redis.call('ZADD', expiring, string.match(entryId, '^%d+') + expiresIn, stored) end
  if configured[2] then
    local refs = { stored }
    ${publishSubmitted('refs')}
  end
  local pointer = { r = stored, u = upTo ~= '' and upTo or nil, t = forMs ~= '0' and now + forMs or nil }
  redis.call('HSET', uniques, digest, cjson.encode(pointer))
  if not configured[3] then redis.call('HSET', settings, 'unique', 1) end
  return { 'stored', stored }
end

local function isTaken(pointer)
  return pointer and ((tonumber(pointer.t) or 0) > now or holderOf(pointer))
end

${replay}
local pointer = readPointer(digest)
local outcome = isTaken(pointer) and { onConflict, pointer.r } or store()
if fingerprint ~= '' and (outcome[1] == 'stored' or outcome[1] == 'existing') then
  ${remember('outcome[2]', 'outcome[1]')}
end
for _, field in ipairs(redis.call('HRANDFIELD', uniques, ${DROPPED})) do
  if not isTaken(readPointer(field)) then redis.call('HDEL', uniques, field) end
end
return outcome
`,
});

export type UniquelySubmitted =
  | { kind: 'stored' | 'existing' | 'reject'; ref: Ref }
  /** The key of the submit has been used before; nothing was stored now. */
  | ({ kind: 'replayed' } & Remembered)
  | { kind: 'mismatch' }
  | { kind: 'full'; maxJobs: number };

type Raw = ['stored' | 'existing' | 'reject', ref: string] | ['replayed', record: string] | ['mismatch'] | ['full', 1, number];

/** Takes in one job by its rule; `digest` names its place. Refs are those of ids. With `once` it is taken in at most once. */
export async function submitUnique(
  redis: Connection,
  { keys, place, task, payload, options }: NewEntry,
  { until, forMs, onConflict }: UniqueRule,
  digest: string,
  once?: Once,
): Promise<UniquelySubmitted> {
  const { at, d, x, pr, ...rest } = options;
  const priority = place === 'parked' ? (pr ?? DEFAULT_PRIORITY) : place;
  const isNormal = priority === DEFAULT_PRIORITY;
  const raw = (await submitUniqueScript.run(
    redis,
    // Without a fingerprint no record is read or written, but the script has one key for it.
    { queue: keys, record: once?.key ?? keys.idempotency('') },
    {
      wakeHorizonMs: WAKE_HORIZON_MS,
      fingerprint: once?.fingerprint ?? '',
      recordTtlMs: once?.ttlMs ?? 0,
      digest,
      upTo: until === 'started' ? 's' : '',
      forMs,
      onConflict,
      lane: placeIndex(priority),
      startAt: at ?? '',
      delay: d ?? '',
      rank: isNormal ? '' : placeIndex(priority),
      priority: isNormal ? '' : priority,
      expiresIn: x ?? '',
      task,
      payload,
      options: encodeOptions(rest),
    },
  )) as Raw;
  switch (raw[0]) {
    case 'replayed':
      return { kind: 'replayed', ...decodeOnce(raw[1]) };
    case 'mismatch':
      return { kind: 'mismatch' };
    case 'full':
      return { kind: 'full', maxJobs: raw[2] };
    default:
      return { kind: raw[0], ref: parseRef(raw[1]) };
  }
}
