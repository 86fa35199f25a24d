import type { Connection } from '../../../redis/connection.ts';
import { encodeEntry } from '../../../redis/entry.ts';
import { encodeOptions } from '../../../redis/entry-options.ts';
import { lanes, placeIndex, type QueueKeys } from '../../../redis/keys.ts';
import { defineScript, type ScriptArg } from '../../../redis/script.ts';
import type { NewEntry } from './submit.ts';

/**
 * Takes jobs of one queue in that may start at once and ask for nothing more: one XADD each, and one round trip for
 * all. Each stands for itself, but all are refused when memory is short.
 *
 * KEYS: the lanes x4. ARGV: runs of jobs that differ in their payloads alone: lane, task, options, their number,
 *   their payloads.
 * Returns lines, in the order of the jobs: the entry id, or `-` and why that entry could not be written. One text
 *   is far cheaper to read than a reply of many.
 */
export const appendScript = defineScript(
  'append',
  `
local lines, i = {}, 1
while i <= #ARGV do
  local lane, task, options, last = KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2], i + 3 + tonumber(ARGV[i + 3])
  for j = i + 4, last do
    local id = redis.pcall('XADD', lane, '*', 't', task, 'p', ARGV[j], 'o', options)
    -- Memory is short, or this is a replica: that holds for all.
    if id.err and #lines == 0 and not string.find(id.err, 'WRONGTYPE', 1, true) then return id end
    lines[#lines + 1] = id.err and '-' .. string.gsub(id.err, '[\\r\\n]', ' ') or id
  end
  i = last + 1
end
return table.concat(lines, '\\n')
`,
  { whenFull: 'refused', isBatched: true },
);

/** Characters of a payload from which the copies cost more than the calls. */
const MAX_LUA_PAYLOAD = 4_096;

/** One job alone needs no script. */
async function appendOne(
  redis: Connection,
  keys: QueueKeys,
  job: Omit<NewEntry, 'keys'>,
): Promise<string | Error> {
  try {
    return await xadd(redis, keys, job);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function xadd(redis: Connection, keys: QueueKeys, job: Omit<NewEntry, 'keys'>): Promise<string> {
  const id = await redis.xadd(
    keys.stream[job.place],
    '*',
    ...encodeEntry(job.task, job.payload, job.options),
  );
  // XADD answers null only with NOMKSTREAM, which is not given.
  if (id === null) throw new Error(`no entry id in ${job.place}`);
  return id;
}

/** Entry ids, or why there is none, in the order of the jobs, which must be of that queue and not `parked`. */
export async function appendJobs(
  redis: Connection,
  keys: QueueKeys,
  jobs: readonly Omit<NewEntry, 'keys'>[],
): Promise<(string | Error)[]> {
  // Writing to several at once through Lua costs two more copies of each payload.
  if (jobs.length === 1 || jobs.some(({ payload }) => payload.length > MAX_LUA_PAYLOAD)) {
    return Promise.all(jobs.map((job) => appendOne(redis, keys, job)));
  }
  return appendTogether(redis, keys, jobs);
}

async function appendTogether(
  redis: Connection,
  keys: QueueKeys,
  jobs: readonly Omit<NewEntry, 'keys'>[],
): Promise<(string | Error)[]> {
  const args: ScriptArg[] = [];
  let run = { start: -1, name: '' };
  for (const { place, task, payload, options } of jobs) {
    const written = encodeOptions(options);
    const name = `${place} ${task} ${written}`;
    if (name === run.name) {
      args[run.start + 3] = Number(args[run.start + 3]) + 1;
    } else {
      run = { start: args.length, name };
      args.push(placeIndex(place), task, written, 1);
    }
    args.push(payload);
  }
  const lines = (await appendScript.run(redis, lanes(keys), args)) as string;
  return lines.split('\n').map((line) => (line.startsWith('-') ? new Error(line.slice(1)) : line));
}
