import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { parseJson } from '../../redis/parse-json.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import type { KeyJobs } from '../../schemas/queues/keys.ts';

/** Keys of one call: bounds the time for which it keeps Redis busy. */
const STEP = 100;
/** Held and running jobs, chosen at random, whose keys are counted: a key with a twentieth of all jobs is hardly ever missed. */
const HELD_SAMPLE = 300;
const RUNNING_SAMPLE = 100;
const BUSIEST = 10;

/**
 * Lua: `countKey(key)`: { key, jobs that wait for it, its running jobs }. In `holds` a key has the class `key:<key>`, in
 * `runningKeys` its jobs are `<key>\n<ref>`.
 */
const countKey = {
  name: 'countKey',
  lua: `
local function countKey(holds, runningKeys, key)
  return { key, redis.call('ZLEXCOUNT', holds, '[key:' .. key .. '\\n', '(key:' .. key .. '\\n\\255'),
    redis.call('ZLEXCOUNT', runningKeys, '[' .. key .. '\\n', '(' .. key .. '\\n\\255') }
end
`,
};

/**
 * Lists keys with jobs that wait for them or run, in the order of their bytes, by going from the last job of one to the first of the
 * next. Jobs without a key have the class of an empty one.
 *
 * `after`: the key after which to begin, '' for the first. Returns what `countKey` gives, at most `most` times.
 */
export const keyJobsScript = defineScript({
  name: 'key-jobs',
  onlyReads: true,
  queueKeys: ['holds', 'runningKeys'],
  args: ['after', 'most'],
  uses: [countKey],
  lua: `
local listed, key = {}, after
while #listed < tonumber(most) do
  local from = key == '' and '[key:\\11' or '(key:' .. key .. '\\n\\255'
  local held = redis.call('ZRANGE', holds, from, '(key:\\255', 'BYLEX', 'LIMIT', 0, 1)[1]
  from = key == '' and '[\\11' or '(' .. key .. '\\n\\255'
  local running = redis.call('ZRANGE', runningKeys, from, '+', 'BYLEX', 'LIMIT', 0, 1)[1]
  held = held and string.match(held, '^key:([^\\n]+\\n)')
  running = running and string.match(running, '^([^\\n]+\\n)')
  local first = held and running and (held < running and held or running) or held or running
  if not first then return listed end
  key = string.sub(first, 1, -2)
  listed[#listed + 1] = countKey(holds, runningKeys, key)
end
return listed
`,
});

/** Counts the jobs of the keys of some jobs. Returns what `countKey` gives, for the `most` keys with the most jobs. */
export const busiestKeysScript = defineScript({
  name: 'busiest-keys',
  onlyReads: true,
  queueKeys: ['holds', 'runningKeys'],
  args: ['heldSample', 'runningSample', 'most'],
  uses: [countKey],
  lua: `
local seen, counted = {}, {}
local function see(members, form)
  for _, member in ipairs(members) do
    local key = string.match(member, form)
    if key and not seen[key] then
      seen[key] = true
      counted[#counted + 1] = countKey(holds, runningKeys, key)
    end
  end
end
see(redis.call('ZRANDMEMBER', holds, heldSample), '^key:([^\\n]+)\\n')
see(redis.call('ZRANDMEMBER', runningKeys, runningSample), '^([^\\n]+)\\n')
table.sort(counted, function(a, b)
  local more = a[2] + a[3] - b[2] - b[3]
  return more > 0 or more == 0 and a[1] < b[1]
end)
return { unpack(counted, 1, math.min(#counted, tonumber(most))) }
`,
});

type RawKey = [key: string, held: number, running: number];

/** Keys are stored as JSON writes them, without their quotes. */
function decode([text, held, running]: RawKey): KeyJobs {
  const key = parseJson(`"${text}"`);
  return { key: typeof key === 'string' ? key : text, held, running };
}

/** A key as it is stored. */
const stored = (key: string): string => JSON.stringify(key).slice(1, -1);

/** @param after the key after which the page begins, '' for the first. */
export async function keyJobs(
  redis: Connection,
  queue: QueueKeys,
  after: string,
  most: number,
): Promise<KeyJobs[]> {
  const listed: KeyJobs[] = [];
  while (listed.length < most) {
    const from = listed.at(-1)?.key ?? after;
    const step = { after: stored(from), most: Math.min(STEP, most - listed.length) };
    const found = (await keyJobsScript.run(redis, { queue }, step)) as RawKey[];
    listed.push(...found.map(decode));
    if (found.length < step.most) break;
  }
  return listed;
}

/** The ten keys with the most jobs. */
export async function busiestKeys(redis: Connection, queue: QueueKeys): Promise<KeyJobs[]> {
  const args = { heldSample: HELD_SAMPLE, runningSample: RUNNING_SAMPLE, most: BUSIEST };
  return ((await busiestKeysScript.run(redis, { queue }, args)) as RawKey[]).map(decode);
}
