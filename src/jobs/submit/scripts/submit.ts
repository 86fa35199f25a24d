import type { Connection } from '../../../redis/connection.ts';
import { type EntryOptions, encodeOptions } from '../../../redis/entry-options.ts';
import { parseRef, type Ref } from '../../../redis/job-id.ts';
import { inOrder, type Place, placeIndex, type QueueKeys } from '../../../redis/keys.ts';
import { defineScript, WAKE_HORIZON_MS } from '../../../redis/script.ts';

/** A job on its way in, with its place decided. */
export interface NewEntry {
  keys: QueueKeys;
  place: Place;
  task: string;
  payload: string;
  options: EntryOptions;
}

/** Makes a submit happen once, however often it is sent. */
export interface Once {
  /** Of the string that remembers it. */
  key: string;
  /** Of all that was asked for; the same key with another one is a mistake of the client. */
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
}

export type Submitted =
  | { kind: 'stored'; entryIds: string[] }
  /** The key has stored these jobs before; nothing was stored now. */
  | ({ kind: 'replayed' } & Remembered)
  | { kind: 'mismatch' }
  /** The queue may hold no more; nothing was stored. */
  | { kind: 'full'; queue: string; maxJobs: number };

/**
 * Takes any number of jobs in, all or none (Redis runs the script alone, and refuses it before its first
 * write when memory is short).
 *
 * KEYS per queue: streams x5, dead x5, scheduled, expiring, wake, settings; then, with a fingerprint, the
 *   string that remembers the submit.
 * ARGV: wake horizon, number of queues, fingerprint or '', its TTL ms, note, then per job: index of its queue
 *   from 0, index of its stream, start time or '', delay or '', expires after ms or '', task, payload, options.
 * Returns { 'stored', ids } | { 'replayed', record } | { 'mismatch' } | { 'full', index of the queue, limit }.
 *   A record is three lines: fingerprint, refs, note.
 */
export const submitScript = defineScript(
  'submit',
  `
local horizon, queues, fingerprint = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local once, first, width = KEYS[queues * 14 + 1], 6, 8

if fingerprint ~= '' then
  local known = redis.call('GET', once)
  if known then
    if string.match(known, '^[^\\n]*') == fingerprint then return { 'replayed', known } end
    return { 'mismatch' }
  end
end

local coming = {}
for i = first, #ARGV, width do coming[ARGV[i]] = (coming[ARGV[i]] or 0) + 1 end
for queue, count in pairs(coming) do
  local base = tonumber(queue) * 14
  local limit = tonumber(redis.call('HGET', KEYS[base + 14], 'maxJobs'))
  if limit then
    for place = 1, 5 do
      count = count + redis.call('XLEN', KEYS[base + place]) - redis.call('ZCARD', KEYS[base + 5 + place])
    end
    if count > limit then return { 'full', tonumber(queue), limit } end
  end
end

local ids, refs = {}, {}
for i = first, #ARGV, width do
  local base, place, lapses = tonumber(ARGV[i]) * 14, tonumber(ARGV[i + 1]), tonumber(ARGV[i + 4])
  local id = redis.call('XADD', KEYS[base + place], '*', 't', ARGV[i + 5], 'p', ARGV[i + 6], 'o', ARGV[i + 7])
  local ref, created = LETTERS[place] .. id, tonumber(string.match(id, '^%d+'))
  if place == 5 then
    local at = tonumber(ARGV[i + 2]) or (created + tonumber(ARGV[i + 3]))
    redis.call('ZADD', KEYS[base + 11], at, ref)
    if at - now < horizon then nudge(KEYS[base + 13], 1) end
  end
  if lapses then redis.call('ZADD', KEYS[base + 12], created + lapses, ref) end
  ids[#ids + 1] = id
  refs[#refs + 1] = ref
end
if fingerprint ~= '' then
  redis.call('SET', once, fingerprint .. '\\n' .. table.concat(refs, ' ') .. '\\n' .. ARGV[5], 'PX', ARGV[4])
end
return { 'stored', ids }
`,
  { whenFull: 'refused' },
);

type RawSubmitted = ['stored', string[]] | ['replayed', string] | ['mismatch'] | ['full', number, number];

/**
 * Takes jobs in together; with `once` they are stored at most once. Entry ids come in the order of the jobs.
 */
export async function submitTogether(
  redis: Connection,
  jobs: readonly NewEntry[],
  once?: Once,
): Promise<Submitted> {
  const queues = [...new Map(jobs.map((job) => [job.keys.queue, job.keys])).values()];
  const index = new Map(queues.map(({ queue }, i) => [queue, i]));
  const keys = queues.flatMap((queue) => [
    ...inOrder(queue.stream),
    ...inOrder(queue.dead),
    queue.scheduled,
    queue.expiring,
    queue.wake,
    queue.settings,
  ]);
  const args = jobs.flatMap((job) => [
    index.get(job.keys.queue) ?? 0,
    placeIndex(job.place),
    job.options.at ?? '',
    job.options.d ?? '',
    job.options.x ?? '',
    job.task,
    job.payload,
    encodeOptions(job.options),
  ]);
  const raw = (await submitScript.run(
    redis,
    [...keys, ...(once ? [once.key] : [])],
    [WAKE_HORIZON_MS, queues.length, once?.fingerprint ?? '', once?.ttlMs ?? 0, once?.note ?? '', ...args],
  )) as RawSubmitted;
  switch (raw[0]) {
    case 'stored':
      return { kind: 'stored', entryIds: raw[1] };
    case 'replayed':
      return { kind: 'replayed', ...decodeOnce(raw[1]) };
    case 'mismatch':
      return { kind: 'mismatch' };
    case 'full':
      return { kind: 'full', queue: queues[raw[1]]?.queue ?? '', maxJobs: raw[2] };
  }
}

function decodeOnce(record: string): Remembered {
  const [fingerprint = '', refs = '', note = ''] = record.split('\n');
  return { fingerprint, refs: refs === '' ? [] : refs.split(' ').map(parseRef), note };
}

/** What a key has stored, if it has. */
export async function recallOnce(redis: Connection, key: string): Promise<Remembered | undefined> {
  const record = await redis.get(key);
  return record === null ? undefined : decodeOnce(record);
}
