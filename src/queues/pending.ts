import type { Core } from '../core/core.ts';
import { deliveriesBefore } from '../jobs/scripts/lookup.ts';
import type { Connection } from '../redis/connection.ts';
import { decodeEntry } from '../redis/entry.ts';
import { isNoGroup } from '../redis/faults.ts';
import { formatJobId } from '../redis/job-id.ts';
import { GROUP, PLACES, type QueueKeys } from '../redis/keys.ts';
import type { PendingJob } from '../schemas/queue.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';

type PendingRow = [id: string, consumer: string, idleMs: number, deliveries: number];

/** Rows of the pending list from the entry id `from` on; empty while the stream or its group does not exist. */
export async function pendingRows(
  redis: Connection,
  stream: string,
  from: string,
  count: number,
): Promise<PendingRow[]> {
  try {
    return (await redis.xpending(stream, GROUP, from, '+', count)) as PendingRow[];
  } catch (error) {
    if (isNoGroup(error)) return [];
    throw error;
  }
}

/** At most `limit` running jobs with their workers: stream by stream, the oldest entries first. */
export async function listPending(core: Core, keys: QueueKeys, limit: number): Promise<PendingJob[]> {
  const pending: PendingJob[] = [];
  for (const place of PLACES) {
    const stream = keys.stream[place];
    const rows =
      limit > pending.length ? await pendingRows(core.redis, stream, '-', limit - pending.length) : [];
    const fields = await Promise.all(rows.map(([id]) => core.redis.xrange(stream, id, id)));
    const earlierDeliveries = await Promise.all(
      rows.map(([entryId]) => deliveriesBefore(core.redis, keys, { place, entryId })),
    );
    const now = core.clock.wall();
    rows.forEach(([entryId, worker, idleMs, deliveries], i) => {
      const task = decodeEntry(fields[i]?.[0]?.[1] ?? [])?.task;
      pending.push({
        id: formatJobId(keys.queue, { place, entryId }),
        queue: keys.queue,
        ...(task === undefined ? {} : { task }),
        worker,
        attempt: deliveries - (earlierDeliveries[i] ?? 0),
        startedAt: toTimestamp(now - idleMs),
        runningMs: idleMs,
      });
    });
  }
  return pending;
}
