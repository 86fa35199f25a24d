import type { Connection } from '../connection.ts';
import { type EntryOptions, encodeEntry, encodeOptions, formatRef } from '../entry.ts';
import { GROUP, inOrder, type Place, placeIndex, type QueueKeys } from '../keys.ts';
import { defineScript, PRELUDE, WAKE_HORIZON_MS } from './script.ts';

/** A job on its way in, with its place decided. */
export interface NewEntry {
  keys: QueueKeys;
  place: Place;
  task: string;
  payload: string;
  options: EntryOptions;
}

/**
 * Takes any number of jobs in, all or none (Redis runs the script alone, and refuses it before its first
 * write when memory is short).
 *
 * KEYS per queue: its 5 streams, scheduled, wake.
 * ARGV: wake horizon, then per job: index of its queue from 0, index of its stream, start time or '',
 *   delay or '', task, payload, options.
 * Returns the entry ids in order.
 */
export const submitScript = defineScript(
  'submit',
  `${PRELUDE}
local horizon = tonumber(ARGV[1])
local letters = { 'c', 'h', 'n', 'l', 'p' }
local ids = {}
for i = 2, #ARGV, 7 do
  local base = tonumber(ARGV[i]) * 7
  local place = tonumber(ARGV[i + 1])
  local id = redis.call('XADD', KEYS[base + place], '*', 't', ARGV[i + 4], 'p', ARGV[i + 5], 'o', ARGV[i + 6])
  if place == 5 then
    local at = tonumber(ARGV[i + 2]) or (tonumber(string.match(id, '^%d+')) + tonumber(ARGV[i + 3]))
    redis.call('ZADD', KEYS[base + 6], at, letters[place] .. id)
    if at - now < horizon then nudge(KEYS[base + 7], 1) end
  end
  ids[#ids + 1] = id
end
return ids
`,
  { whenFull: 'refused' },
);

/** Jobs that start later, or jobs that must come in together. Returns their entry ids in order. */
export async function submitTogether(redis: Connection, jobs: readonly NewEntry[]): Promise<string[]> {
  const queues = new Map(jobs.map((job) => [job.keys.queue, job.keys]));
  const index = new Map([...queues.keys()].map((name, i) => [name, i]));
  const keys = [...queues.values()].flatMap((queue) => [
    ...inOrder(queue.stream),
    queue.scheduled,
    queue.wake,
  ]);
  const args = jobs.flatMap((job) => [
    index.get(job.keys.queue) ?? 0,
    placeIndex(job.place),
    job.options.at ?? '',
    job.options.d ?? '',
    job.task,
    job.payload,
    encodeOptions(job.options),
  ]);
  return (await submitScript.run(redis, keys, [WAKE_HORIZON_MS, ...args])) as string[];
}

/** One job that may start at once: one command, no script. Returns its entry id. */
export async function submitPlain(redis: Connection, job: NewEntry): Promise<string> {
  const fields = encodeEntry(job.task, job.payload, job.options);
  const id = await redis.xadd(job.keys.stream[job.place], '*', ...fields);
  // XADD answers null only with NOMKSTREAM, which is not given.
  if (id === null) throw new Error(`no entry id for ${formatRef({ place: job.place, entryId: '0-0' })}`);
  return id;
}

/** Makes the consumer group of every stream, from the first entry on; those that are there stay. */
export async function ensureGroups(redis: Connection, keys: QueueKeys): Promise<void> {
  for (const stream of [...inOrder(keys.stream), keys.wake]) {
    try {
      await redis.xgroup('CREATE', stream, GROUP, '0', 'MKSTREAM');
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
    }
  }
}
