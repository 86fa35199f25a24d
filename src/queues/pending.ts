import type { Core } from '../core/core.ts';
import { invalidCursor } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import { decodeEntry } from '../redis/entry.ts';
import { firstRef } from '../redis/entry-options.ts';
import { isNoGroup } from '../redis/faults.ts';
import { formatJobId } from '../redis/job-id.ts';
import { GROUP, PLACES, type Place, type QueueKeys } from '../redis/keys.ts';
import type { PendingJob } from '../schemas/queues/pending.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { type RunningRow, runningJobs } from './scripts/running-jobs.ts';

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

/** The index of a stream, and the id of the entry after which the list goes on there. */
interface Position {
  readonly index: number;
  readonly after: string;
}

/** A running job, and its position in the list of its queue as text. */
export interface ListedPending {
  readonly job: PendingJob;
  readonly position: string;
}

const START: Position = { index: 0, after: '' };

/**
 * At most `limit` running jobs with their workers: stream by stream, the oldest entries first, from the start or after a
 * position.
 */
export async function listPending(
  core: Core,
  keys: QueueKeys,
  limit: number,
  position: Position = START,
): Promise<ListedPending[]> {
  let { index, after } = position;
  const pending: ListedPending[] = [];
  for (; index < PLACES.length && pending.length < limit; index += 1, after = '') {
    const place = PLACES[index];
    if (place === undefined) break;
    const count = limit - pending.length;
    const { now, rows } = await runningJobs(core.redis, keys, place, { after, count });
    for (const row of rows) {
      pending.push({ job: viewRunning(keys, place, row, now), position: `${index}:${row.entryId}` });
    }
  }
  return pending;
}

/** @throws {AppError} invalid-request for a text that is no position of a list. */
export function parsePosition(text: string): Position {
  const [, index, after] = /^([0-4]):(\d{1,19}-\d{1,19})$/.exec(text) ?? [];
  if (index === undefined || after === undefined) throw invalidCursor();
  return { index: Number(index), after };
}

function viewRunning(
  { queue }: QueueKeys,
  place: Place,
  { entryId, consumer, startedAt, attempt, fields }: RunningRow,
  now: number,
): PendingJob {
  const { task, options = {} } = decodeEntry(fields) ?? {};
  return {
    id: formatJobId(queue, firstRef({ place, entryId }, options)),
    queue,
    ...(task === undefined ? {} : { task }),
    worker: consumer,
    attempt,
    startedAt: toTimestamp(startedAt),
    runningMs: Math.max(0, now - startedAt),
  };
}
