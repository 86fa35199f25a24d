import { decodeEntry, type Entry } from '../../../redis/entry.ts';
import { parseRef, type Ref } from '../../../redis/job-id.ts';
import type { LuaHelper } from '../../../redis/script/lua.ts';

/** A script ends behind the entry with which it has read so many bytes: they bound the time for which it keeps Redis busy. */
const MOST_READ_BYTES = 1_048_576;

/**
 * Lua: `readTold(stream, rows)` reads the entries of rows of XPENDING: their fields t and o. Drops the rows that the next call of the
 * script is to read, and returns whether there are such rows.
 */
export const readTold: LuaHelper = {
  name: 'readTold',
  lua: `
local toldBytes = 0
local function readTold(stream, rows)
  local entries, count = {}, #rows
  for i = 1, count do
    local entry = redis.call('XRANGE', stream, rows[i][1], rows[i][1])[1]
    local fields = entry and entry[2] or {}
    entries[i] = { fields[2] or '', fields[6] or '' }
    toldBytes = toldBytes + #(fields[4] or '')
    if toldBytes > ${MOST_READ_BYTES} then
      for j = count, i + 1, -1 do rows[j] = nil end
      return entries, true
    end
  end
  return entries, false
end
`,
};

/** The name of the error of an attempt whose worker was lost. */
export const WORKER_LOST = 'worker-lost';

/** An attempt whose worker was lost. */
export interface LostAttempt {
  readonly ref: Ref;
  /** The lease that had the job. */
  readonly consumer: string;
  readonly attempt: number;
  /** From taken to recovered. */
  readonly runMs: number;
  /** As the job keeps it in its errors. */
  readonly message: string;
  /** Without its payload; undefined when it is not a job of ours. */
  readonly entry: Entry | undefined;
}

/** What the script tells of a lost attempt. */
export type ToldAttempt = [
  ref: string,
  consumer: string,
  attempt: number,
  runMs: number,
  message: string,
  task: string,
  options: string,
];

export const lostAttempt = ([
  ref,
  consumer,
  attempt,
  runMs,
  message,
  task,
  options,
]: ToldAttempt): LostAttempt => ({
  ref: parseRef(ref),
  consumer,
  attempt,
  runMs,
  message,
  entry: decodeEntry(['t', task, 'p', '', 'o', options]),
});
