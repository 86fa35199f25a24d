import type { Connection } from '../../redis/connection.ts';
import { GROUP, type QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { letters } from '../../redis/script/lua.ts';
import { decodeHeldJob, type HeldJob, heldRow, type RawHeldJob } from './heartbeat.ts';

/** Jobs and bytes of payloads that one call reads. */
const MOST_JOBS = 200;
const MOST_BYTES = 1_048_576;

/** Where the next call goes on: at a lease, and behind an entry of a stream. */
export interface HeldPosition {
  /** Index from 0. */
  readonly lease: number;
  /** Index of the stream from 1. */
  readonly place: number;
  /** Range start of XPENDING. */
  readonly from: string;
}

export const HELD_START: HeldPosition = { lease: 0, place: 1, from: '-' };

/**
 * Lists jobs that leases hold, and changes nothing. A missing group holds no jobs.
 *
 * `startPlace`, `startFrom`: where to begin with the first lease.
 * Returns { index of the lease from 1 where the next call goes on or 0 for none, stream index, range start,
 *   per job { index of its lease from 1, row of `heldRow` } }.
 */
export const heldByLeasesScript = defineScript({
  name: 'held-by-leases',
  onlyReads: true,
  queueKeys: ['notes', 'stream'],
  args: ['maxJobs', 'maxBytes', 'startPlace', 'startFrom', { list: 'consumers' }],
  uses: [letters, heldRow],
  lua: `
local free, bytes, reply = tonumber(maxJobs), tonumber(maxBytes), { 0, 0, '' }
local function pendingOf(place, from, consumer)
  local rows = redis.pcall('XPENDING', stream[place], '${GROUP}', from, '+', free, consumer)
  if not rows.err then return rows end
  if string.find(rows.err, 'NOGROUP', 1, true) then return {} end
  error(rows.err, 0)
end
for i = 1, #consumers do
  for place = i == 1 and tonumber(startPlace) or 1, 5 do
    local from = i == 1 and place == tonumber(startPlace) and startFrom or '-'
    for _, row in ipairs(pendingOf(place, from, consumers[i])) do
      local held, size = heldRow(notes, stream[place], LETTERS[place], row)
      reply[#reply + 1] = { i, held }
      free, bytes = free - 1, bytes - size
      if free < 1 or bytes < 1 then
        reply[1], reply[2], reply[3] = i, place, '(' .. row[1]
        return reply
      end
    end
  end
end
return reply
`,
});

/** Jobs that the leases hold, as many as one call reads, and where to go on; `next` is undefined at the end. */
export async function heldByLeases(
  redis: Connection,
  queue: QueueKeys,
  consumers: readonly string[],
  { lease, place, from }: HeldPosition,
): Promise<{ jobs: { lease: number; job: HeldJob }[]; next: HeldPosition | undefined }> {
  const reply = await heldByLeasesScript.run(
    redis,
    { queue },
    {
      maxJobs: MOST_JOBS,
      maxBytes: MOST_BYTES,
      startPlace: place,
      startFrom: from,
      consumers: consumers.slice(lease),
    },
  );
  const [nextLease, nextPlace, nextFrom, ...rows] = reply as [
    number,
    number,
    string,
    ...[lease: number, row: RawHeldJob][],
  ];
  return {
    jobs: rows.map(([index, row]) => ({ lease: lease + index - 1, job: decodeHeldJob(row) })),
    next: nextLease === 0 ? undefined : { lease: lease + nextLease - 1, place: nextPlace, from: nextFrom },
  };
}
