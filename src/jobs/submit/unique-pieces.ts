import type { QueueKeys } from '../../redis/keys.ts';
import type { AdmittedJob } from './admission.ts';

/** Unique jobs that one script stores: bounds the time for which it keeps Redis busy. */
const MOST_JOBS = 50;
/** Characters of their payloads. A longer payload goes alone. */
const MOST_LENGTH = 262_144;

/** The unique ones among the jobs, by their indexes: lists of jobs of one queue, each short enough for one script. */
export function uniquePieces(jobs: readonly AdmittedJob[]): number[][] {
  const pieces: number[][] = [];
  const open = new Map<QueueKeys, { indexes: number[]; length: number }>();
  jobs.forEach(({ entry: { unique, keys, payload } }, i) => {
    if (unique === undefined) return;
    const last = open.get(keys);
    if (
      last !== undefined &&
      last.indexes.length < MOST_JOBS &&
      last.length + payload.length <= MOST_LENGTH
    ) {
      last.indexes.push(i);
      last.length += payload.length;
      return;
    }
    const indexes = [i];
    pieces.push(indexes);
    open.set(keys, { indexes, length: payload.length });
  });
  return pieces;
}
