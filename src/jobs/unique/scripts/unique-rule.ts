import type { OnConflict } from '../../../schemas/jobs/unique.ts';

/** How a submitted job shares its place with others. Times are ms. */
export interface UniqueRule {
  /** The member of the job that says so. */
  readonly member: 'unique' | 'debounce' | 'cache';
  /** What the jobs have in common; undefined: their payloads. */
  readonly key: string | undefined;
  readonly until: 'ended' | 'started';
  /** The job keeps the place at least this long after its submit. 0: only as long as `until` says. */
  readonly forMs: number;
  readonly onConflict: OnConflict;
  /** The job starts `waitMs` after the last submit, but no later than `maxWaitMs` after the first. */
  readonly waitMs?: number | undefined;
  readonly maxWaitMs?: number | undefined;
  /** The result answers other submits for this long. */
  readonly cacheMs?: number | undefined;
}
