import { openJobs, publishSubmitted, RANK_SPAN, wakeWorkers } from '../../../lifecycle/scripts/lua.ts';
import { moveTags, tagLines } from '../../../lifecycle/scripts/tags/tag-place.ts';
import { WAKE_HORIZON_MS } from '../../../lifecycle/wake.ts';
import type { Connection } from '../../../redis/connection.ts';
import { type EntryOptions, encodeOptions } from '../../../redis/entry-options.ts';
import { type Place, placeIndex, type QueueKeys } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { letters, now } from '../../../redis/script/lua.ts';
import { DEFAULT_PRIORITY } from '../../../schemas/job.ts';
import type { UniqueRule } from '../../unique/scripts/unique-rule.ts';
import { KEY_DEPTH } from './key-depth.ts';
import { decodeOnce, type Once, type Remembered, remember, replay } from './once.ts';

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
  /** The queue may hold no more; nothing was stored. */
  | { kind: 'full'; queue: string; maxJobs: number }
  /** The key of this entry may have no more jobs; nothing was stored. */
  | { kind: 'key-full'; entry: NewEntry; maxJobs: number };

/**
 * Takes in any number of jobs, all or none: Redis runs the script alone, and refuses it before its first write when memory
 * is short.
 *
 * `record`: the string that remembers a submit with a fingerprint, in lines: fingerprint, refs, note, `exact`, `refQueues` (the
 * queues of the refs where they differ, each with its number of refs). `queue` of a job is
 * the index of its queue from 1; `at`, `delay`, `expiresIn` are ms or ''; `rank` is the index of the
 * priority of a parked job, '' for normal; `tags` are lines.
 * Returns { 'stored', ids } | { 'replayed', record } | { 'mismatch' } | { 'full', index of the queue, limit } | { 'key-full',
 * index of the job, limit }.
 */
export const submitScript = defineScript({
  name: 'submit',
  keys: [
    'record',
    {
      queues: 'queues',
      of: [
        'stream',
        'dead',
        'scheduled',
        'ranked',
        'expiring',
        'tagged',
        'wake',
        'settings',
        'events',
        'holds',
        'runningKeys',
      ],
    },
  ],
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
  fragments: [KEY_DEPTH],
  uses: [letters, now, openJobs, wakeWorkers],
  lua: `
${replay}

local added, submitted, mostOfKey, limitsKeys = {}, {}, {}, false
for i = 1, #jobs do added[jobs[i].queue] = (added[jobs[i].queue] or 0) + 1 end
for queue, depth in pairs(added) do
  local configured = redis.call('HMGET', queues[queue].settings, 'maxJobs', 'submitEvents', 'keyMaxJobs')
  local limit = tonumber(configured[1])
  if limit then
    for place = 1, 5 do depth = depth + openJobs(queues[queue].stream[place], queues[queue].dead[place]) end
    if depth > limit then return { 'full', tonumber(queue), limit } end
  end
  if configured[2] then submitted[queue] = {} end
  mostOfKey[queue] = tonumber(configured[3])
  limitsKeys = limitsKeys or configured[3]
end
if limitsKeys then
  local full = firstFull(mostOfKey)
  if full then return { 'key-full', full, mostOfKey[jobs[full].queue] } end
end

local ids, refs, dueSoon = {}, {}, {}
for i = 1, #jobs do
  local queue, place, expiresIn = jobs[i].queue, tonumber(jobs[i].place), tonumber(jobs[i].expiresIn)
  local id = redis.call('XADD', queues[queue].stream[place], '*', 't', jobs[i].task, 'p', jobs[i].payload, 'o', jobs[i].options)
  local ref, created = LETTERS[place] .. id, tonumber(string.match(id, '^%d+'))
  if place == 5 then
    local at = tonumber(jobs[i].at) or created + jobs[i].delay
    redis.call('ZADD', queues[queue].scheduled, at, ref)
    if jobs[i].rank ~= '' then redis.call('ZADD', queues[queue].ranked, jobs[i].rank * ${RANK_SPAN} + at, ref) end
    if at - now < tonumber(wakeHorizonMs) then dueSoon[queue] = (dueSoon[queue] or 0) + 1 end
  end
  if expiresIn then redis.call('ZADD', queues[queue].expiring, created + expiresIn, ref) end
  ${moveTags('ZADD', 'queues[queue].tagged', 'jobs[i].tags', 'ref')}
  ids[i] = id
  refs[i] = ref
  if submitted[queue] then table.insert(submitted[queue], ref) end
end
for queue, count in pairs(dueSoon) do wakeWorkers(queues[queue].wake, count) end
for queue, stored in pairs(submitted) do
  ${publishSubmitted('stored', 'queues[queue].events', 'queues[queue].settings')}
end
if fingerprint ~= '' then
  ${remember("table.concat(refs, ' ')", 'note', 'refQueues')}
end
return { 'stored', ids }
`,
});

type RawSubmitted =
  | ['stored', ids: string[]]
  | ['replayed', record: string]
  | ['mismatch']
  | ['full', queue: number, maxJobs: number]
  | ['key-full', job: number, maxJobs: number];

/** Takes in jobs together; with `once` they are stored at most once. Entry ids come in the order of the jobs. */
export async function submitTogether(
  redis: Connection,
  entries: readonly NewEntry[],
  once?: Once,
): Promise<Submitted> {
  const queues = [...new Map(entries.map(({ keys }) => [keys.queue, keys])).values()];
  const index = new Map(queues.map(({ queue }, i) => [queue, i + 1]));
  const jobs = entries.map(({ keys, place, task, payload, options }) => ({
    queue: index.get(keys.queue) ?? 0,
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
    {
      wakeHorizonMs: WAKE_HORIZON_MS,
      fingerprint: once?.fingerprint ?? '',
      recordTtlMs: once?.ttlMs ?? 0,
      note: once?.note ?? '',
      refQueues: once === undefined ? '' : encodeQueues(entries, once.queue),
      jobs,
    },
  )) as RawSubmitted;
  switch (raw[0]) {
    case 'stored':
      return { kind: 'stored', entryIds: raw[1] };
    case 'replayed':
      return { kind: 'replayed', ...decodeOnce(raw[1]) };
    case 'mismatch':
      return { kind: 'mismatch' };
    case 'full':
      return { kind: 'full', queue: queues[raw[1] - 1]?.queue ?? '', maxJobs: raw[2] };
    case 'key-full':
      return { kind: 'key-full', entry: entries[raw[1] - 1] as NewEntry, maxJobs: raw[2] };
  }
}

/** Each queue with the number of its jobs that stand together, such as `img 3 default 1`; '' when all are of `usual`. */
function encodeQueues(entries: readonly NewEntry[], usual: string): string {
  if (entries.every(({ keys }) => keys.queue === usual)) return '';
  const runs: { queue: string; count: number }[] = [];
  for (const { keys } of entries) {
    const last = runs.at(-1);
    if (last?.queue === keys.queue) last.count += 1;
    else runs.push({ queue: keys.queue, count: 1 });
  }
  return runs.map(({ queue, count }) => `${queue} ${count}`).join(' ');
}
