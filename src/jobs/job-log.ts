import type { Core } from '../core/core.ts';
import { atPresentRef } from '../lifecycle/scripts/changes/present-refs.ts';
import { formatRef, type Ref } from '../redis/job-id.ts';
import type { LocatedJob } from './find.ts';
import { type LogReading, readLog } from './scripts/read-log.ts';

/** The kept lines of the log of a job after that line. The log of a changed job is under the ref of its present entry. */
export async function readJobLog(
  { redis }: Core,
  { keys, ref }: LocatedJob,
  after: number,
): Promise<LogReading> {
  const read = (at: Ref) => readLog(redis, keys, formatRef(at), after);
  return (await atPresentRef(redis, keys, ref, read, ({ total }) => total === 0)).outcome;
}
