import type { AppError } from '../../errors.ts';
import type { SubmitJob } from '../../schemas/job.ts';

/** One job of a bulk submit as it came: valid in form, or refused for its form. */
export type Candidate = { ok: true; job: SubmitJob } | { ok: false; error: AppError };

/** One job of a bulk submit: stored, or refused with the reason. */
export type SubmitOutcome = { ok: true; id: string } | { ok: false; error: AppError };

/** The outcome of a submit; `replayed`: its key had stored this before, and nothing was stored now. */
export interface Submitted<T> {
  value: T;
  replayed: boolean;
}

/** A stored job: its id, its JSON text, and its revision. */
export interface Accepted {
  id: string;
  text: string;
  revision: string;
}

export interface SubmitOptions {
  /** Somebody waits for the end of the job, and hears of it sooner. */
  isAwaited?: boolean;
  /** What must be the same whenever the key is used; the job, unless given. */
  request?: unknown;
}
