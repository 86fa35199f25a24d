import type { Connection } from '../../../redis/connection.ts';
import { encodeEntry } from '../../../redis/entry.ts';
import { encodeOptions } from '../../../redis/entry-options.ts';
import { placeIndex, type QueueKeys } from '../../../redis/keys.ts';
import { defineScript, type ScriptArg } from '../../../redis/script/define-script.ts';
import type { NewEntry } from './submit.ts';

/**
 * Takes in jobs of one queue that may start at once and ask for nothing more: one XADD each, and one round trip for all.
 * Each stands for itself, but all are refused when memory is short.
 *
 * `runs`: runs of jobs that differ in their payloads alone: lane, task, options, number of jobs, their payloads.
 * Returns lines, in the order of the jobs: the entry id, or `-` and why that entry could not be written. One text is far
 * cheaper to read than a reply of many.
 */
export const appendJobsScript = defineScript({
  name: 'append-jobs',
  queueKeys: [{ lanes: 'stream' }],
  args: [{ list: 'runs' }],
  whenFull: 'refused',
  isBatched: true,
  lua: `
local lines, i = {}, 1
while i <= #runs do
  local place, task, options, last = runs[i], runs[i + 1], runs[i + 2], i + 3 + runs[i + 3]
  local lane = stream[place]
  for j = i + 4, last do
    local id = redis.pcall('XADD', lane, '*', 't', task, 'p', runs[j], 'o', options)
    -- Memory is short, or this is a replica: that holds for all.
    if id.err and #lines == 0 and not string.find(id.err, 'WRONGTYPE', 1, true) then return id end
    lines[#lines + 1] = id.err and '-' .. string.gsub(id.err, '[\\r\\n]', ' ') or id
  end
  i = last + 1
end
return table.concat(lines, '\\n')
`,
});

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

/** Entry ids, or why an entry was not written, in the order of the jobs; none of them may be for `parked`. */
export async function appendJobs(
  redis: Connection,
  keys: QueueKeys,
  jobs: readonly Omit<NewEntry, 'keys'>[],
): Promise<(string | Error)[]> {
  // Through Lua, each payload is copied twice more.
  if (jobs.length === 1 || jobs.some(({ payload }) => payload.length > MAX_LUA_PAYLOAD)) {
    return Promise.all(jobs.map((job) => appendOne(redis, keys, job)));
  }
  return appendTogether(redis, keys, jobs);
}

async function appendTogether(
  redis: Connection,
  queue: QueueKeys,
  jobs: readonly Omit<NewEntry, 'keys'>[],
): Promise<(string | Error)[]> {
  const runs: ScriptArg[] = [];
  let run = { start: -1, name: '' };
  for (const { place, task, payload, options } of jobs) {
    const written = encodeOptions(options);
    const name = `${place} ${task} ${written}`;
    if (name === run.name) {
      runs[run.start + 3] = Number(runs[run.start + 3]) + 1;
    } else {
      run = { start: runs.length, name };
      runs.push(placeIndex(place), task, written, 1);
    }
    runs.push(payload);
  }
  const lines = (await appendJobsScript.run(redis, { queue }, { runs })) as string;
  return lines.split('\n').map((line) => (line.startsWith('-') ? new Error(line.slice(1)) : line));
}
