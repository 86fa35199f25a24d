import type { Connection } from '../../redis/connection.ts';
import { formatRef, type Ref } from '../../redis/job-id.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';

/** Records of one call, and their bytes: both bound the time for which it keeps Redis busy. */
const STEP = 100;
const STEP_BYTES = 1_048_576;

/**
 * Reads result records in their order, until they have `maxBytes`. The first may have more.
 *
 * Returns per job { bytes, record, expiry }, `0` for the bytes of a record that is gone. The list ends where the bytes do.
 */
export const endedRecordsScript = defineScript({
  name: 'ended-records',
  onlyReads: true,
  keys: [{ list: 'results' }],
  args: ['maxBytes'],
  lua: `
local rows, bytes = {}, 0
for i = 1, #results do
  local size = redis.call('STRLEN', results[i])
  if i > 1 and bytes + size > tonumber(maxBytes) then break end
  bytes = bytes + size
  rows[i] = size == 0 and { 0 } or { size, redis.call('GET', results[i]), redis.call('PEXPIRETIME', results[i]) }
end
return rows
`,
});

type RawRow = [bytes: 0] | [bytes: number, record: string, expiresAt: number];

/** The stored result of a job. */
export interface EndedRecord {
  bytes: number;
  /** A `ResultRecord` as text. */
  record: string;
  /** Unix ms. */
  expiresAt: number;
}

/**
 * The records of the first jobs of the list, of at most `maxBytes` together, but at least one; undefined where a job has none
 * any more.
 */
export async function endedRecords(
  redis: Connection,
  queue: QueueKeys,
  refs: readonly Ref[],
  maxBytes: number,
): Promise<(EndedRecord | undefined)[]> {
  const results = refs.slice(0, STEP).map((ref) => queue.result(formatRef(ref)));
  const rows = (await endedRecordsScript.run(
    redis,
    { results },
    { maxBytes: Math.min(STEP_BYTES, maxBytes) },
  )) as RawRow[];
  return rows.map(([bytes, record, expiresAt]) =>
    record === undefined ? undefined : { bytes, record, expiresAt: expiresAt ?? 0 },
  );
}
