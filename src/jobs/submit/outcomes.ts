import type { AppError } from '../../errors.ts';
import type { SubmitJob } from '../../schemas/job.ts';
import type { Trace } from '../../schemas/values/trace.ts';
import type { UniqueAnswer } from '../unique/answers.ts';

/** One item of a bulk submit before admission: a job that fits the schema, or the reason for which it does not. */
export type Candidate = { ok: true; job: SubmitJob } | { ok: false; error: AppError };

/** One item of a bulk submit afterwards: the id of the job, or the reason for its refusal. */
export type SubmitOutcome =
  | { ok: true; id: string; answer?: UniqueAnswer | undefined }
  | { ok: false; error: AppError };

/** The result of a submit. `replayed`: an earlier submit with the same Idempotency-Key stored it, this one nothing. */
export interface SubmitResult<T> {
  value: T;
  replayed: boolean;
  /** Absent: the job was stored as a new one. */
  answer?: UniqueAnswer | undefined;
}

/** The trace in which a request submits jobs. */
export interface RequestTrace {
  readonly trace: Trace;
  /** Links it to the trace of another job. */
  linkTo(other: Trace | undefined): void;
}

/** A stored job: its id, its JSON text, and its revision. */
export interface AcceptedJob {
  id: string;
  text: string;
  revision: string;
}

export interface SubmitOptions {
  /** The submitter waits for the job to finish. The last event of the job then carries a short result. */
  isAwaited?: boolean;
  /** What must be equal in every submit with this Idempotency-Key. Default: the job. */
  request?: unknown;
  /** The id of the ended job that the new one repeats. */
  rerunOf?: string;
  /** The trace that the job belongs to. Not compared in a repeated submit. */
  trace?: Trace | undefined;
}

/** A chunk of a bulk submit with an Idempotency-Key that is too long for one step. */
export interface BulkPart {
  /** From 0. */
  readonly index: number;
  readonly isLast: boolean;
}

export interface BulkOptions {
  readonly atomic: boolean;
  readonly key: string | undefined;
  /** Undefined: the candidates are the whole bulk submit. */
  readonly part?: BulkPart | undefined;
  /** The trace that the jobs belong to. Not compared in a repeated submit. */
  readonly trace?: Trace | undefined;
}
