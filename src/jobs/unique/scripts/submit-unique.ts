import { WAKE_HORIZON_MS } from '../../../lifecycle/wake.ts';
import type { Connection } from '../../../redis/connection.ts';
import { encodeOptions } from '../../../redis/entry-options.ts';
import { parseRef, type Ref } from '../../../redis/job-id.ts';
import { placeIndex } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { DEFAULT_PRIORITY } from '../../../schemas/job.ts';
import { MAX_DURATION_MS } from '../../../schemas/values/duration.ts';
import {
  decodeOnce,
  encodeOnce,
  type Once,
  type Remembered,
  remember,
  replay,
} from '../../submit/scripts/once.ts';
import { type NewEntry, type NoRoom, queuesOf } from '../../submit/scripts/submit.ts';
import { HAS_READ_ENOUGH, PLACE_FRAGMENTS } from './take-place.ts';

/**
 * Stores any number of jobs, or finds the jobs that have their places, as if they came one after the other. It decides about all jobs
 * before it writes. It stores none if there is no room for one. With `isAtomic` ('1') it stores none if one says `reject` and
 * finds its place taken.
 *
 * `record`, `fingerprint`, `recordTtlMs`, `note`, `refQueues`, `queue` of a job: as in `submit`. `startAt`, `delay`, `expiresIn`: ms or '';
 * `priority`: '' for normal; `options` without these.
 * Returns { 'taken', for each job what `decide` says and the first ref } | { 'replayed', record } | { 'mismatch' } | { 'full' | 'key-full',
 * index of the job, limit } | { 'reject', index of the job, first ref of the other one or '' for one of these } | { 'too-large' }: the jobs
 * that have the places have more bytes than one call may read.
 */
export const submitUniqueScript = defineScript({
  name: 'submit-unique',
  queues: 'many',
  keys: ['record'],
  fragments: PLACE_FRAGMENTS,
  args: [
    'fingerprint',
    'recordTtlMs',
    'note',
    'refQueues',
    'isAtomic',
    'isAcked',
    {
      records: 'jobs',
      of: ['queue', 'lane', 'priority', 'startAt', 'delay', 'expiresIn', 'task', 'payload', 'options'],
    },
  ],
  whenFull: 'refused',
  lua: `
${replay}
local rooms, places, news, kinds, own = {}, {}, {}, {}, {}
local function readNew(i)
  local rule = ruleOf(jobs[i].options)
  return { task = jobs[i].task, payload = jobs[i].payload, options = jobs[i].options, rule = rule, lane = tonumber(jobs[i].lane),
    priority = jobs[i].priority ~= '' and jobs[i].priority or nil, startAt = tonumber(jobs[i].startAt),
    delay = rule and rule.w or tonumber(jobs[i].delay), expiresIn = tonumber(jobs[i].expiresIn) }
end
local function placeOf(i)
  local queue, rule = tonumber(jobs[i].queue), news[i].rule
  return rule and lookAt(places[queue], rule.d)
end
for i = 1, #jobs do
  local queue = tonumber(jobs[i].queue)
  useQueue(queue)
  places[queue] = places[queue] or {}
  news[i] = readNew(i)
  local place = placeOf(i)
  kinds[i] = place and decide(news[i], place) or 'stored'
  if ${HAS_READ_ENOUGH} then return { 'too-large' } end
  if kinds[i] == 'reject' and isAtomic == '1' then return { 'reject', i, own[place] and '' or place.pointer.r } end
  if kinds[i] == 'stored' then
    rooms[queue] = rooms[queue] or readRoom()
    local full, limit = takeRoom(rooms[queue], news[i].options)
    if full then return { full, i, limit } end
    if place and not place.job then own[place] = true end
  end
end

local taken, refs = {}, {}
for i = 1, #jobs do
  local room = rooms[tonumber(jobs[i].queue)]
  useQueue(tonumber(jobs[i].queue))
  local place = placeOf(i)
  refs[i] = place and takePlace(news[i], place, kinds[i], room) or storeJob(news[i], room)
  -- Written as it is, so that WAIT covers the submit that has the place.
  if isAcked == '1' and place then redis.call('HSET', uniques, news[i].rule.d, cjson.encode(place.pointer)) end
  taken[2 * i - 1], taken[2 * i] = kinds[i], refs[i]
end
for queue, room in pairs(rooms) do
  useQueue(queue)
  tellSubmitted(room)
end
if fingerprint ~= '' then
  ${remember("table.concat(refs, ' ')", "table.concat(kinds, ' ')")}
end
return { 'taken', taken }
`,
});

/** What becomes of a submitted job. `reject`: another job has its place. */
export type Kind = 'stored' | 'replaced' | 'existing' | 'cached' | 'reject';

export type UniquelySubmitted =
  /** In the order of the jobs. Refs are those of ids: of the other job where none was stored. */
  | { kind: 'taken'; refs: Ref[]; kinds: Kind[] }
  /** The key of the submit has been used before; nothing was stored now. */
  | ({ kind: 'replayed' } & Remembered)
  | { kind: 'mismatch' }
  | NoRoom
  /** Nothing was stored. `ref`: of the job that has the place of this entry; undefined: another one of the same submit has. */
  | { kind: 'reject'; index: number; ref: Ref | undefined }
  /** Nothing was stored: the jobs that have the places have too many bytes. */
  | { kind: 'too-large' };

type Raw =
  | ['taken', (Kind | string)[]]
  | ['replayed', record: string]
  | ['mismatch']
  | [kind: 'full' | 'key-full', job: number, maxJobs: number]
  | ['reject', job: number, ref: string]
  | ['too-large'];

/** Stores jobs, or finds the jobs that have their places. The options of a unique job name its place. With `once` it does so at most once.
 * @param isAcked whether the connection waits until replicas have what it finds or writes. */
export async function submitUnique(
  redis: Connection,
  entries: readonly NewEntry[],
  { once, isAtomic, isAcked = false }: { once?: Once | undefined; isAtomic: boolean; isAcked?: boolean },
): Promise<UniquelySubmitted> {
  const { queues, indexOf } = queuesOf(entries);
  const raw = (await submitUniqueScript.run(
    redis,
    // Without a fingerprint no record is read or written, but the script has one key for it.
    { record: once?.key ?? queues[0]?.idempotency('') ?? '', queues },
    {
      wakeHorizonMs: WAKE_HORIZON_MS,
      mostExpiryMs: MAX_DURATION_MS,
      ...encodeOnce(entries, once),
      isAtomic: isAtomic ? 1 : 0,
      isAcked: isAcked ? 1 : 0,
      jobs: entries.map((entry) => ({ queue: indexOf(entry.keys), ...encodeNew(entry) })),
    },
  )) as Raw;
  switch (raw[0]) {
    case 'taken':
      return {
        kind: 'taken',
        kinds: raw[1].filter((_, i) => i % 2 === 0) as Kind[],
        refs: raw[1].filter((_, i) => i % 2 === 1).map(parseRef),
      };
    case 'replayed':
      return { kind: 'replayed', ...decodeOnce(raw[1]) };
    case 'full':
    case 'key-full':
      return { kind: raw[0], entry: entries[raw[1] - 1] as NewEntry, maxJobs: raw[2] };
    case 'reject':
      return { kind: 'reject', index: raw[1] - 1, ref: raw[2] === '' ? undefined : parseRef(raw[2]) };
    default:
      return { kind: raw[0] };
  }
}

function encodeNew({ place, task, payload, options: { at, d, x, pr, ...rest } }: NewEntry) {
  const priority = place === 'parked' ? (pr ?? DEFAULT_PRIORITY) : place;
  return {
    lane: placeIndex(priority),
    priority: priority === DEFAULT_PRIORITY ? '' : priority,
    startAt: at ?? '',
    delay: d ?? '',
    expiresIn: x ?? '',
    task,
    payload,
    options: encodeOptions(rest),
  };
}
