import type { Ref } from '../../../src/redis/job-id.ts';
import { isFinal, type Priority, type Status } from '../../../src/schemas/values/names.ts';

/** The moves that end a delivery. A worker that lost its lease may still send each of them late. */
export type Move = 'complete' | 'retry' | 'bury' | 'release';

/** When a waiting job may run. Tests do not wait for a clock, so two times are enough. */
export type When = 'now' | 'in an hour';

export interface ModelJob {
  readonly id: string;
  /** Of its present entry: a change of the job makes another one. */
  ref: Ref;
  priority: Priority;
  payload: number;
  readonly keepPayload: boolean;
  tags: readonly string[];
  readonly maxAttempts: number;
  /** The job expires on submission, unless a worker starts it before a read finds it. */
  readonly expiresAtOnce: boolean;
  status: Status | 'gone';
  when: When;
  /** Recorded deliveries that spent an attempt. */
  spent: number;
  /** The value of `spent` at the last manual retry. */
  base: number;
  /** Failed attempts, oldest first. */
  errors: { attempt: number; name: string }[];
  /** A handler began the job since the last manual retry, and its worker then released or buried it. */
  begun: boolean;
  /** It is held for want of a worker; its place among the held jobs. It shows as queued. */
  heldAt: string | undefined;
  /** How many workers died with the job since the last manual retry. */
  losses: number;
  /** A queue read may expire the job: it expires at once, and no worker has reported its start. */
  expirable: boolean;
  progress: number | undefined;
  /** What an attempt left for the next one. */
  checkpoint: number | undefined;
  /** It has a log, as long as it can be read. */
  hasLog: boolean;
  cancelAsked: boolean;
  result: number | undefined;
  /** The worker that buried the job. A manual retry clears it. */
  buriedBy: number | undefined;
  /** The delivery that runs now. */
  holder: ModelDelivery | undefined;
  /** The last move that ended a delivery. The same worker gets the same answer when it repeats the move. */
  ended: { ref: Ref; worker: number; token: number; move: Move } | undefined;
}

/** A current or past delivery. Its index in `Model.deliveries` is the index in `Real.deliveries`. */
export interface ModelDelivery {
  readonly job: ModelJob;
  /** Of the entry that was delivered: a change gives the job another one, whose tokens begin again. */
  readonly ref: Ref;
  readonly worker: number;
  readonly attempt: number;
  /** Distinguishes the deliveries of one job. */
  readonly token: number;
  /** The delivery spent no attempt, so the next one has the same token. */
  unspent: boolean;
}

/** 'over': the lease has run out, but no recovery has found it yet. */
export type Lease = 'held' | 'over' | 'none';

/** Whether a late move is the move that ended its delivery. */
export const isRepeated = ({ job: { ended }, ref, worker, token }: ModelDelivery, move: Move): boolean =>
  ended?.move === move && ended.ref === ref && ended.token === token && ended.worker === worker;

/** Records a failed attempt. */
export function spend({ job, attempt, token }: ModelDelivery, name: string): void {
  job.spent = token;
  job.errors.push({ attempt, name });
}

/** Earlier deliveries spent all attempts, so the worker only buries the job. */
export const isExhausted = ({ job, attempt }: ModelDelivery): boolean => attempt > job.maxAttempts;

/** The status that the API shows: a job whose time has come waits for a worker. */
export const shownStatus = <S extends ModelJob['status']>(status: S, { when }: ModelJob): S | 'queued' =>
  (status === 'scheduled' || status === 'retrying') && when === 'now' ? 'queued' : status;

/** No attempt has begun, and nobody has asked to cancel it. */
export const isChangeable = ({
  status,
  spent,
  begun,
  cancelAsked,
  losses,
  checkpoint,
  progress,
  hasLog,
}: ModelJob): boolean =>
  (status === 'queued' || status === 'scheduled' || status === 'retrying') &&
  spent === 0 &&
  !begun &&
  !cancelAsked &&
  losses === 0 &&
  checkpoint === undefined &&
  progress === undefined &&
  !hasLog;

export const hasEnded = ({ status }: ModelJob): boolean => status !== 'gone' && isFinal(status);

/** Compares two entry ids of one stream. */
export function compareEntries(a: string, b: string): number {
  const [aMs, aSeq] = a.split('-').map(Number);
  const [bMs, bSeq] = b.split('-').map(Number);
  return (aMs ?? 0) - (bMs ?? 0) || (aSeq ?? 0) - (bSeq ?? 0);
}
