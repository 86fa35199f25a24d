import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import type { LogLine } from '../../schemas/jobs/log.ts';
import { toTimestamp } from '../../schemas/values/timestamp.ts';

/**
 * Reads the kept lines of a log after the line of that number; see append-log.ts for the list.
 * Returns { lines ever written, kept lines after `after` }.
 */
export const readLogScript = defineScript({
  name: 'read-log',
  onlyReads: true,
  keys: ['log'],
  args: ['after'],
  lua: `
local total = tonumber(string.match(redis.call('LINDEX', log, 0) or '', '^(%d+) ')) or 0
local kept = math.max(0, redis.call('LLEN', log) - 1)
return { total, redis.call('LRANGE', log, math.max(1, after - total + kept + 1), -1) }
`,
});

/** The kept lines after a line, oldest first. */
export interface LogReading {
  readonly lines: readonly LogLine[];
  /** The number of the last line that was written; 0 without a log. */
  readonly total: number;
}

/** A line as it is stored; `at` in Unix ms. */
type StoredLine = [at: number, attempt: number, level: string, message: string];

/** @param after the number of the line after which to begin; 0 for all that are kept. */
export async function readLog(
  redis: Connection,
  keys: QueueKeys,
  ref: string,
  after: number,
): Promise<LogReading> {
  const reply = await readLogScript.run(redis, { log: keys.log(ref) }, { after });
  const [total, texts] = reply as [number, string[]];
  const first = total - texts.length + 1;
  const lines = texts.map((text, i) => {
    const [at, attempt, level, message] = JSON.parse(text) as StoredLine;
    return { line: first + i, at: toTimestamp(at), attempt, level, message };
  });
  return { lines, total };
}
