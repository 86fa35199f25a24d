import type { OnConflict } from '../../../schemas/jobs/unique.ts';

/** How a job that is to be stored shares its place with others. Times are ms. */
export interface UniqueRule {
  /** The member of the job that says so. */
  readonly member: 'unique' | 'debounce' | 'cache';
  /** What the jobs have in common; undefined: their payloads. */
  readonly key: string | undefined;
  readonly until: 'ended' | 'started';
  /** It keeps the place at least this long from the submit; 0: no longer than `until` says. */
  readonly forMs: number;
  readonly onConflict: OnConflict;
  /** Each submit puts the start off by this, but by no more than the other after the first. */
  readonly waitMs?: number | undefined;
  readonly maxWaitMs?: number | undefined;
  /** The result answers others for this long. */
  readonly cacheMs?: number | undefined;
}
