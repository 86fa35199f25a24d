import type { Ref } from '../../../src/redis/job-id.ts';
import { isFinal, type Priority, type Status } from '../../../src/schemas/values/names.ts';

/** The moves that end a delivery; a late one of each can come from a lease that is lost. */
export type Move = 'complete' | 'retry' | 'bury' | 'release';

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
  /** Attempts that failed, oldest first. */
  errors: { attempt: number; name: string }[];
  /** A handler had begun on it when it was handed back, since it was last retried by hand. */
  begun: boolean;
  /** How often a worker was lost with it, since it was last retried by hand. */
  losses: number;
  /** It lapses, and nobody has said that it was started. */
  watched: boolean;
  progress: number | undefined;
  cancelAsked: boolean;
  result: number | undefined;
  /** The worker that buried it, unless it was retried by hand since. */
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

/** Whether a move that comes late is the one that ended its delivery. */
export const isRepeated = ({ job: { ended }, worker, token }: Handout, move: Move): boolean =>
  ended?.move === move && ended.token === token && ended.worker === worker;

/** An attempt that failed. */
export function spend({ job, attempt, token }: Handout, name: string): void {
  job.spent = token;
  job.errors.push({ attempt, name });
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
