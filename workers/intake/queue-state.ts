import type { QueueKeys } from '../../src/redis/keys.ts';
import { type EndedJob, LatencyTally } from './ended-jobs.ts';

/** What a worker process knows of a queue, and what it has to tell of it in the next turn. */
export interface QueueState {
  readonly keys: QueueKeys;
  readonly ended: EndedJob[];
  readonly latency: LatencyTally;
  /** Wake tokens to settle. */
  tokens: string[];
  /** Refs of jobs that a blocking read handed out, to be announced. */
  begun: string[];
  paused: boolean;
  /** The last look found less than was asked for, and nothing has said since that there may be more. */
  dry: boolean;
  /** No take before the lease is there again. */
  leaseless: boolean;
  /** The last take found the lease; true before the first. */
  hasLease: boolean;
  /** Takes on their way. */
  looking: number;
  /** Counts looks over all queues: the one with the lowest number was looked at longest ago. */
  look: number;
  /** When that look was answered: monotonic ms, and ms of Redis. */
  lookedAt: number;
  lookedAtRedis: number;
  /** When the first job that waits for its time is due, monotonic ms. */
  nextDueAt: number;
}

export const newQueueState = (keys: QueueKeys): QueueState => ({
  keys,
  ended: [],
  latency: new LatencyTally(),
  tokens: [],
  begun: [],
  paused: false,
  dry: false,
  leaseless: false,
  hasLease: true,
  looking: 0,
  look: 0,
  lookedAt: Number.NEGATIVE_INFINITY,
  lookedAtRedis: 0,
  nextDueAt: Number.POSITIVE_INFINITY,
});

/** Whether there is something to tell; `now` in monotonic ms. */
export const hasNews = ({ ended, tokens, begun, latency }: QueueState, now: number): boolean =>
  ended.length + tokens.length + begun.length > 0 || latency.isDue(now);
