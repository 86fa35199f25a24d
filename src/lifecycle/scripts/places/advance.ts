import type { Connection } from '../../../redis/connection.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';
import { now } from '../../../redis/script/lua.ts';
import { setRankedTime, wakeWorkers } from '../lua.ts';

/** Jobs of one queue that can be advanced: bounds the time for which the script keeps Redis busy. */
const MOST = 10_000;

/**
 * Lets the jobs of a queue that wait for a time wait so much shorter: delayed and retrying ones. For tests alone, since nothing else
 * about the jobs changes.
 *
 * Returns the number of jobs that are due by it, or -1: there are too many, and nothing has changed.
 */
export const advanceScript = defineScript({
  name: 'advance',
  queueKeys: ['scheduled', 'due', 'ranked', 'wake'],
  args: ['ms'],
  uses: [now, setRankedTime, wakeWorkers],
  lua: `
local sets, waiting, dueNow = { due[1], due[2], due[3], due[4], due[5], scheduled }, {}, 0
local count = 0
for set = 1, 6 do
  waiting[set] = redis.call('ZRANGE', sets[set], '(' .. now, '+inf', 'BYSCORE', 'LIMIT', 0, ${MOST + 1}, 'WITHSCORES')
  count = count + #waiting[set] / 2
end
if count > ${MOST} then return -1 end
for set = 1, 6 do
  for i = 1, #waiting[set], 2 do
    local ref, at = waiting[set][i], math.max(1, tonumber(waiting[set][i + 1]) - tonumber(ms))
    redis.call('ZADD', sets[set], at, ref)
    setRankedTime(ranked, ref, at)
    if at <= now then dueNow = dueNow + 1 end
  end
end
wakeWorkers(wake, dueNow)
return dueNow
`,
});

/** @throws {RangeError} when more than 10,000 jobs of the queue wait. */
export async function advanceQueue(redis: Connection, queue: QueueKeys, ms: number): Promise<number> {
  const due = (await advanceScript.run(redis, { queue }, { ms })) as number;
  if (due >= 0) return due;
  throw new RangeError(
    `More than ${MOST} jobs of ${queue.queue} wait for a time: fewer of them can be advanced.`,
  );
}
