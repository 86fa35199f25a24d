import { FIRST_READ, TAKEN_BYTES, type Taken } from '../../src/lifecycle/consumer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { LatencyTally } from '../latency/latency-tally.ts';
import type { FinishedJob } from './finished-jobs.ts';

/** What a worker process knows about one queue, and what its next call has to write. Local times are monotonic ms. */
export interface QueueState {
  readonly keys: QueueKeys;
  readonly finished: FinishedJob[];
  readonly latency: LatencyTally;
  /** Wake tokens that were received and must be acknowledged. */
  wakeIds: string[];
  /** Refs of jobs that a blocking read delivered: Redis must record that they have started. */
  startedRefs: string[];
  /** Counts the news of held jobs. */
  heldNews: number;
  /** Classes of held jobs to take from, each with the number of the last news of it. */
  readonly classes: Map<string, number>;
  /** The classes of held jobs must be looked up, if there are any. */
  mustLook: boolean;
  paused: boolean;
  /** The last take returned less than it asked for, and nothing since says that there may be more. */
  isDrained: boolean;
  /** Redis has no lease of this process. Nothing is taken for a moment, so that it can be registered again. */
  lacksLease: boolean;
  /** The missing lease was reported. The next take that finds a lease resets this. */
  isLossReported: boolean;
  /** Takes whose reply is outstanding. */
  openTakes: number;
  /** Number of the last take, counted over all queues: the lowest number belongs to the least recently taken queue. */
  lastTake: number;
  lastTakeAt: number;
  /** Redis time of that take, Unix ms. */
  lastTakeAtRedis: number;
  /** When the first delayed job or retry is due. */
  nextDueAt: number;
  /** How many entries of a lane the next take reads at first. */
  firstRead: number;
}

export const newQueueState = (keys: QueueKeys): QueueState => ({
  keys,
  finished: [],
  latency: new LatencyTally(),
  wakeIds: [],
  startedRefs: [],
  heldNews: 0,
  classes: new Map(),
  mustLook: true,
  paused: false,
  isDrained: false,
  lacksLease: false,
  isLossReported: false,
  openTakes: 0,
  lastTake: 0,
  lastTakeAt: Number.NEGATIVE_INFINITY,
  lastTakeAtRedis: 0,
  nextDueAt: Number.POSITIVE_INFINITY,
  firstRead: FIRST_READ,
});

/** Whether the next call has something to write. */
export const hasWrites = ({ finished, wakeIds, startedRefs, latency }: QueueState, now: number): boolean =>
  finished.length + wakeIds.length + startedRefs.length > 0 || latency.isDue(now);

/** Whether a blocking read is the way to learn about more jobs of the queue. */
export const isReadyToWait = ({ isDrained, lacksLease, wakeIds, startedRefs }: QueueState): boolean =>
  isDrained && !lacksLease && wakeIds.length + startedRefs.length === 0;

/** Records what a take of `count` jobs says about the queue. */
export function recordTake(
  state: QueueState,
  taken: Taken & { kind: 'taken' },
  count: number,
  now: number,
): void {
  state.isLossReported = false;
  state.paused = taken.paused;
  state.isDrained = taken.paused || !isFull(taken, count);
  state.lastTakeAt = now;
  state.lastTakeAtRedis = taken.now;
  state.nextDueAt = now + (taken.nextDueInMs ?? Number.POSITIVE_INFINITY);
  state.firstRead = fitting(taken.deliveries) ?? state.firstRead;
}

/** Whether a take of `count` jobs may have left some. */
export const isFull = ({ deliveries, isCut }: Taken & { kind: 'taken' }, count: number): boolean =>
  isCut || deliveries.length >= count;

/** How many jobs of their size one take may bring, as far as that bounds its first read. */
function fitting(deliveries: (Taken & { kind: 'taken' })['deliveries']): number | undefined {
  if (deliveries.length === 0) return undefined;
  let length = 1;
  for (const { fields } of deliveries) length += fields[3]?.length ?? 0;
  return Math.min(FIRST_READ, Math.max(1, Math.floor((TAKEN_BYTES * deliveries.length) / length)));
}
