import { publishSubmitted, RANK_SPAN, wakeWorkers } from '../../../lifecycle/scripts/lua.ts';
import { moveTags, tagLines } from '../../../lifecycle/scripts/tags/tag-place.ts';
import { WAKE_HORIZON_MS } from '../../../lifecycle/wake.ts';
import type { Connection } from '../../../redis/connection.ts';
import { type EntryOptions, encodeOptions } from '../../../redis/entry-options.ts';
import { type Place, placeIndex, type QueueKeys } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { letters, now } from '../../../redis/script/lua.ts';
import { DEFAULT_PRIORITY } from '../../../schemas/job.ts';
import type { UniqueRule } from '../../unique/scripts/unique-rule.ts';
import { decodeOnce, encodeOnce, type Once, type Remembered, remember, replay } from './once.ts';
import { ROOM } from './room.ts';

/** A job to be stored in a place. */
export interface NewEntry {
  keys: QueueKeys;
  place: Place;
  task: string;
  payload: string;
  options: EntryOptions;
  /** Undefined: the job is stored whatever others there are. */
  unique?: UniqueRule;
}

export type Submitted =
  | { kind: 'stored'; entryIds: string[] }
  /** The key has stored these jobs before; nothing was stored now. */
  | ({ kind: 'replayed' } & Remembered)
  | { kind: 'mismatch' }
  | NoRoom;

/** The queue of this entry, or its key, may have no more jobs; nothing was stored. */
export interface NoRoom {
  kind: 'full' | 'key-full';
  entry: NewEntry;
  maxJobs: number;
}

/**
 * Takes in any number of jobs, all or none: Redis runs the script alone, and refuses it before its first write when memory
 * is short.
 *
 * `record`: the string that remembers a submit with a fingerprint, in lines: fingerprint, refs, note, `exact`, `refQueues` (the
 * queues of the refs where they differ, each with its number of refs). `queue` of a job is
 * the index of its queue from 1; `at`, `delay`, `expiresIn` are ms or ''; `rank` is the index of the
 * priority of a parked job, '' for normal; `tags` are lines.
 * Returns { 'stored', ids } | { 'replayed', record } | { 'mismatch' } | { 'full' | 'key-full', index of the job, limit }.
 */
export const submitScript = defineScript({
  name: 'submit',
  queues: 'many',
  keys: ['record'],
  queueKeys: ['stream', 'scheduled', 'ranked', 'expiring', 'tagged', 'wake', 'settings', 'events'],
  args: [
    'wakeHorizonMs',
    'fingerprint',
    'recordTtlMs',
    'note',
    'refQueues',
    {
      records: 'jobs',
      of: ['queue', 'place', 'at', 'delay', 'rank', 'expiresIn', 'tags', 'task', 'payload', 'options'],
    },
  ],
  whenFull: 'refused',
  fragments: [ROOM],
  uses: [letters, now, wakeWorkers],
  lua: `
${replay}

local rooms, ids, refs, dueSoon = {}, {}, {}, {}
for i = 1, #jobs do
  local queue = tonumber(jobs[i].queue)
  useQueue(queue)
  rooms[queue] = rooms[queue] or readRoom()
  if rooms[queue].most or rooms[queue].mostOfKey then
    local full, limit = takeRoom(rooms[queue], jobs[i].options)
    if full then return { full, i, limit } end
  end
end

for i = 1, #jobs do
  local queue, place, expiresIn = tonumber(jobs[i].queue), tonumber(jobs[i].place), tonumber(jobs[i].expiresIn)
  useQueue(queue)
  local id = redis.call('XADD', stream[place], '*', 't', jobs[i].task, 'p', jobs[i].payload, 'o', jobs[i].options)
  local ref, created = LETTERS[place] .. id, tonumber(string.match(id, '^%d+'))
  if place == 5 then
    local at = tonumber(jobs[i].at) or created + jobs[i].delay
    redis.call('ZADD', scheduled, at, ref)
    if jobs[i].rank ~= '' then redis.call('ZADD', ranked, jobs[i].rank * ${RANK_SPAN} + at, ref) end
    if at - now < tonumber(wakeHorizonMs) then dueSoon[queue] = (dueSoon[queue] or 0) + 1 end
  end
  if expiresIn then redis.call('ZADD', expiring, created + expiresIn, ref) end
  ${moveTags('ZADD', 'tagged', 'jobs[i].tags', 'ref')}
  ids[i] = id
  refs[i] = ref
  if rooms[queue].submitted then table.insert(rooms[queue].submitted, ref) end
end
for queue, room in pairs(rooms) do
  useQueue(queue)
  if dueSoon[queue] then wakeWorkers(wake, dueSoon[queue]) end
  if room.submitted then
    ${publishSubmitted('room.submitted')}
  end
end
if fingerprint ~= '' then
  ${remember("table.concat(refs, ' ')")}
end
return { 'stored', ids }
`,
});

type RawSubmitted =
  | ['stored', ids: string[]]
  | ['replayed', record: string]
  | ['mismatch']
  | [kind: 'full' | 'key-full', job: number, maxJobs: number];

/** The queues of the entries, each once, and the index of one among them, from 1. */
export function queuesOf(entries: readonly NewEntry[]): {
  queues: QueueKeys[];
  indexOf: (keys: QueueKeys) => number;
} {
  const queues = [...new Map(entries.map(({ keys }) => [keys.queue, keys])).values()];
  const index = new Map(queues.map(({ queue }, i) => [queue, i + 1]));
  return { queues, indexOf: ({ queue }) => index.get(queue) ?? 0 };
}

/** Takes in jobs together; with `once` they are stored at most once. Entry ids come in the order of the jobs. */
export async function submitTogether(
  redis: Connection,
  entries: readonly NewEntry[],
  once?: Once,
): Promise<Submitted> {
  const { queues, indexOf } = queuesOf(entries);
  const jobs = entries.map(({ keys, place, task, payload, options }) => ({
    queue: indexOf(keys),
    place: placeIndex(place),
    at: options.at ?? '',
    delay: options.d ?? '',
    rank: options.pr === undefined || options.pr === DEFAULT_PRIORITY ? '' : placeIndex(options.pr),
    expiresIn: options.x ?? '',
    tags: tagLines(options.tg),
    task,
    payload,
    options: encodeOptions(options),
  }));
  const raw = (await submitScript.run(
    redis,
    // Without a fingerprint no record is read or written, but the script has one key for it.
    { record: once?.key ?? queues[0]?.idempotency('') ?? '', queues },
    { wakeHorizonMs: WAKE_HORIZON_MS, ...encodeOnce(entries, once), jobs },
  )) as RawSubmitted;
  switch (raw[0]) {
    case 'stored':
      return { kind: 'stored', entryIds: raw[1] };
    case 'replayed':
      return { kind: 'replayed', ...decodeOnce(raw[1]) };
    case 'mismatch':
      return { kind: 'mismatch' };
    case 'full':
    case 'key-full':
      return { kind: raw[0], entry: entries[raw[1] - 1] as NewEntry, maxJobs: raw[2] };
  }
}
