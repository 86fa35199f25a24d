import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { GROUP, type QueueKeys } from '../../../src/redis/keys.ts';

/** How many jobs of a queue are in each place. */
export interface Backlog {
  readonly waiting: number;
  readonly scheduled: number;
  /** They wait for another attempt. */
  readonly retrying: number;
  readonly dead: number;
  /** No worker has their task. */
  readonly held: number;
}

/** A million jobs, or another number of them, in the same shares. */
export const backlogOf = (jobs: number): Backlog => ({
  waiting: Math.round(jobs * 0.6),
  scheduled: Math.round(jobs * 0.2),
  retrying: Math.round(jobs * 0.1),
  dead: Math.round(jobs * 0.05),
  held: Math.round(jobs * 0.05),
});

/** Jobs of one call. */
const STEP = 2_000;
const LATER_MS = 3_600_000;

const ADD = `redis.call('XADD', KEYS[1], '*', 't', 'work', 'p', ARGV[2], 'o', '{}')`;
const WAIT = `for i = 1, ARGV[1] do ${ADD} end`;
const SCHEDULE = `for i = 1, ARGV[1] do redis.call('ZADD', KEYS[2], ARGV[3] + i, 'p' .. ${ADD}) end`;

/** Lua: takes what was added, and moves it to where `move` says. */
const takeAnd = (move: string): string => `
for i = 1, ARGV[1] do ${ADD} end
local found = redis.call('XREADGROUP', 'GROUP', '${GROUP}', 'filler', 'COUNT', ARGV[1], 'STREAMS', KEYS[1], '>')
for i, entry in ipairs(found[1][2]) do
  local ref = 'n' .. entry[1]
  redis.call('XACK', KEYS[1], '${GROUP}', entry[1])
  ${move}
end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], '${GROUP}', 'filler')`;
const RETRY = takeAnd(
  `redis.call('ZADD', KEYS[2], ARGV[3] + i, ref) redis.call('HSET', KEYS[3], ref .. ':a', 1)`,
);
const BURY = takeAnd(`redis.call('ZADD', KEYS[2], ARGV[3], ref)
  redis.call('HSET', KEYS[3], ref .. ':a', 1, ref .. ':e', '{"message":"no","attempt":1,"at":1}')`);
const HOLD = takeAnd(`local prefix = 'task:nobody\\n\\n31' .. ARGV[3] .. ' '
  redis.call('ZADD', KEYS[2], 0, prefix .. ref) redis.call('HSET', KEYS[3], ref .. ':h', prefix)`);

/** Puts jobs into every place of a queue. Each has a payload of `payload`, JSON text. */
export async function fillBacklog(
  redis: Connection,
  keys: QueueKeys,
  { waiting, scheduled, retrying, dead, held }: Backlog,
  payload = '1',
): Promise<void> {
  await ensureGroups(redis, keys);
  const lane = keys.stream.normal;
  const fill = async (lua: string, jobs: number, names: readonly string[], at = Date.now()) => {
    for (let i = 0; i < jobs; i += STEP) {
      await redis.eval(lua, names.length, ...names, Math.min(STEP, jobs - i), payload, at + i);
    }
  };
  await fill(RETRY, retrying, [lane, keys.due.normal, keys.notes], Date.now() + LATER_MS);
  await fill(BURY, dead, [lane, keys.dead.normal, keys.notes]);
  await fill(HOLD, held, [lane, keys.holds, keys.notes]);
  await fill(SCHEDULE, scheduled, [keys.stream.parked, keys.scheduled], Date.now() + LATER_MS);
  await fill(WAIT, waiting, [lane]);
}
