import type { Ref } from '../../src/redis/entry.ts';
import { isFinal, type Priority, type Status } from '../../src/schemas/names.ts';

/** The moves that end a delivery; a late one of each can come from a lease that is lost. */
export type Move = 'complete' | 'retry' | 'bury';

/** When a job that waits may run: a test waits for no clock, so there is no other time. */
export type When = 'now' | 'in an hour';

export interface ModelJob {
  readonly id: string;
  readonly ref: Ref;
  readonly priority: Priority;
  readonly payload: number;
  readonly keepPayload: boolean;
  readonly maxAttempts: number;
  /** Has lapsed as soon as it is there, unless it starts before anybody looks at it. */
  readonly lapses: boolean;
  status: Status | 'gone';
  when: When;
  /** Deliveries that spent an attempt, and were noted. */
  spent: number;
  /** How many of them there were when it was last retried by hand. */
  base: number;
  /** Numbers of the attempts that failed, oldest first. */
  errors: number[];
  progress: number | undefined;
  cancelAsked: boolean;
  result: number | undefined;
  /** The last worker that buried it, kept after a retry by hand. */
  buriedBy: number | undefined;
  /** Who runs it. */
  holder: Handout | undefined;
  /** The last move that ended a delivery; it is answered again to whoever repeats it. */
  ended: { worker: number; token: number; move: Move } | undefined;
}

/** A delivery, current or past; its index in `Model.handouts` is also that of the real one. */
export interface Handout {
  readonly job: ModelJob;
  readonly worker: number;
  readonly attempt: number;
  /** Tells deliveries of a job apart. */
  readonly token: number;
  /** It spent nothing, so that the next one has the same token. */
  unspent: boolean;
}

/** 'over': its end has come, but nobody has noticed. */
export type Lease = 'held' | 'over' | 'none';

/**
 * Whether a move that comes late is the one that ended its delivery. Looser than that where it does no harm: a
 * retry is known by the lease that failed last and the attempts noted, a bury by that lease alone.
 */
export function isRepeated({ job: { ended, status, spent }, worker, token }: Handout, move: Move): boolean {
  if (ended?.worker !== worker) return false;
  if (move === 'bury') return status === 'failed';
  if (move === 'retry') return ended.move !== 'complete' && spent === token;
  return ended.move === 'complete' && ended.token === token;
}

/** An attempt that failed. */
export function spend({ job, attempt, token }: Handout): void {
  job.spent = token;
  job.errors.push(attempt);
}

/** All attempts were spent before this one: its worker only buries the job. */
export const isExhausted = ({ job, attempt }: Handout): boolean => attempt > job.maxAttempts;

export const hasEnded = ({ status }: ModelJob): boolean => status !== 'gone' && isFinal(status);

/** Order of two entry ids of one stream. */
export function compareEntries(a: string, b: string): number {
  const [aMs, aSeq] = a.split('-').map(Number);
  const [bMs, bSeq] = b.split('-').map(Number);
  return (aMs ?? 0) - (bMs ?? 0) || (aSeq ?? 0) - (bSeq ?? 0);
}
