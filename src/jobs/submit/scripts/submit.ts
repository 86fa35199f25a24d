import { openJobs, wakeWorkers } from '../../../lifecycle/scripts/lua.ts';
import { WAKE_HORIZON_MS } from '../../../lifecycle/wake.ts';
import type { Connection } from '../../../redis/connection.ts';
import { type EntryOptions, encodeOptions } from '../../../redis/entry-options.ts';
import { parseRef, type Ref } from '../../../redis/job-id.ts';
import { type Place, placeIndex, type QueueKeys } from '../../../redis/keys.ts';
import { defineScript, type ScriptArg } from '../../../redis/script/define-script.ts';
import { letters, now } from '../../../redis/script/lua.ts';

/** A job to be stored in a place. */
export interface NewEntry {
  keys: QueueKeys;
  place: Place;
  task: string;
  payload: string;
  options: EntryOptions;
}

/** Makes a submit happen at most once, however often it is sent. */
export interface Once {
  /** Key of the string that remembers it. */
  key: string;
  /** Digest of the request; the same key with another fingerprint is a mistake of the client. */
  fingerprint: string;
  ttlMs: number;
  /** One line of text to remember beside the ids. */
  note: string;
}

/** What a key has stored. */
export interface Remembered {
  fingerprint: string;
  /** In the order of the jobs. */
  refs: Ref[];
  note: string;
  /** The fingerprint was made of exact numbers; older releases had rounded them. */
  isExact: boolean;
}

/** The last line of a record whose fingerprint is exact. Older releases do not read so far. */
const EXACT = 'exact';

export type Submitted =
  | { kind: 'stored'; entryIds: string[] }
  /** The key has stored these jobs before; nothing was stored now. */
  | ({ kind: 'replayed' } & Remembered)
  | { kind: 'mismatch' }
  /** The queue may hold no more; nothing was stored. */
  | { kind: 'full'; queue: string; maxJobs: number };

/**
 * Takes in any number of jobs, all or none: Redis runs the script alone, and refuses it before its first write when memory
 * is short.
 *
 * `record`: the string that remembers a submit with a fingerprint, in lines: fingerprint, refs, note, `exact`. `runs`: runs of
 * jobs that differ in their payloads alone: index of the queue from 1, lane, `at`, `delay`, `expiresIn` (ms or ''), task, options,
 * number of jobs, their payloads.
 * Returns { 'stored', ids } | { 'replayed', record } | { 'mismatch' } | { 'full', index of the queue, limit }.
 */
export const submitScript = defineScript({
  name: 'submit',
  keys: ['record', { queues: 'queues', of: ['stream', 'dead', 'scheduled', 'expiring', 'wake', 'settings'] }],
  args: ['wakeHorizonMs', 'fingerprint', 'recordTtlMs', 'note', { list: 'runs' }],
  whenFull: 'refused',
  uses: [letters, now, openJobs, wakeWorkers],
  lua: `
if fingerprint ~= '' then
  local stored = redis.call('GET', record)
  if stored then
    if string.match(stored, '^[^\\n]*') == fingerprint then return { 'replayed', stored } end
    return { 'mismatch' }
  end
end

local added, first = {}, 1
while first <= #runs do
  local queue, count = runs[first], tonumber(runs[first + 7])
  added[queue] = (added[queue] or 0) + count
  first = first + 8 + count
end
for queue, depth in pairs(added) do
  local limit = tonumber(redis.call('HGET', queues[queue].settings, 'maxJobs'))
  if limit then
    for place = 1, 5 do depth = depth + openJobs(queues[queue].stream[place], queues[queue].dead[place]) end
    if depth > limit then return { 'full', tonumber(queue), limit } end
  end
end

local ids, refs, dueSoon = {}, {}, {}
local function plan(queue, place, id, ref, startAt, delay, expiresIn)
  local created = tonumber(string.match(id, '^%d+'))
  if place == 5 then
    local at = startAt or created + delay
    redis.call('ZADD', queues[queue].scheduled, at, ref)
    if at - now < tonumber(wakeHorizonMs) then dueSoon[queue] = (dueSoon[queue] or 0) + 1 end
  end
  if expiresIn then redis.call('ZADD', queues[queue].expiring, created + expiresIn, ref) end
end
first = 1
while first <= #runs do
  local queue, place, startAt, delay = runs[first], tonumber(runs[first + 1]), tonumber(runs[first + 2]), runs[first + 3]
  local expiresIn, task, options = tonumber(runs[first + 4]), runs[first + 5], runs[first + 6]
  local lane, letter, last = queues[queue].stream[place], LETTERS[place], first + 7 + runs[first + 7]
  for i = first + 8, last do
    local id = redis.call('XADD', lane, '*', 't', task, 'p', runs[i], 'o', options)
    local ref = letter .. id
    if place == 5 or expiresIn then plan(queue, place, id, ref, startAt, delay, expiresIn) end
    ids[#ids + 1], refs[#refs + 1] = id, ref
  end
  first = last + 1
end
for queue, count in pairs(dueSoon) do wakeWorkers(queues[queue].wake, count) end
if fingerprint ~= '' then
  redis.call('SET', record, fingerprint .. '\\n' .. table.concat(refs, ' ') .. '\\n' .. note .. '\\n${EXACT}', 'PX', recordTtlMs)
end
return { 'stored', ids }
`,
});

type RawSubmitted =
  | ['stored', ids: string[]]
  | ['replayed', record: string]
  | ['mismatch']
  | ['full', queue: number, maxJobs: number];

/** Takes in jobs together; with `once` they are stored at most once. Entry ids come in the order of the jobs. */
export async function submitTogether(
  redis: Connection,
  entries: readonly NewEntry[],
  once?: Once,
): Promise<Submitted> {
  const queues = [...new Map(entries.map(({ keys }) => [keys.queue, keys])).values()];
  const index = new Map(queues.map(({ queue }, i) => [queue, i + 1]));
  const raw = (await submitScript.run(
    redis,
    // Without a fingerprint no record is read or written, but the script has one key for it.
    { record: once?.key ?? queues[0]?.idempotency('') ?? '', queues },
    {
      wakeHorizonMs: WAKE_HORIZON_MS,
      fingerprint: once?.fingerprint ?? '',
      recordTtlMs: once?.ttlMs ?? 0,
      note: once?.note ?? '',
      runs: encodeRuns(entries, (queue) => index.get(queue) ?? 0),
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
  }
}

/** Few arguments for many jobs: those that differ in their payloads alone share the rest. */
function encodeRuns(entries: readonly NewEntry[], indexOf: (queue: string) => number): ScriptArg[] {
  const runs: ScriptArg[] = [];
  let run = { start: -1, name: '' };
  for (const { keys, place, task, payload, options } of entries) {
    const { at = '', d: delay = '', x: expiresIn = '' } = options;
    const shared = [
      indexOf(keys.queue),
      placeIndex(place),
      at,
      delay,
      expiresIn,
      task,
      encodeOptions(options),
    ];
    const name = shared.join('\n');
    if (name === run.name) {
      runs[run.start + shared.length] = Number(runs[run.start + shared.length]) + 1;
    } else {
      run = { start: runs.length, name };
      runs.push(...shared, 1);
    }
    runs.push(payload);
  }
  return runs;
}

function decodeOnce(record: string): Remembered {
  const [fingerprint = '', refs = '', note = '', numbers] = record.split('\n');
  const isExact = numbers === EXACT;
  return { fingerprint, refs: refs === '' ? [] : refs.split(' ').map(parseRef), note, isExact };
}

/** What a key has stored, if it has. */
export async function recallOnce(redis: Connection, key: string): Promise<Remembered | undefined> {
  const record = await redis.get(key);
  return record === null ? undefined : decodeOnce(record);
}
