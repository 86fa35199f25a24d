import { FIRST_READ, TAKEN_BYTES, type Taken, type TakeOptions } from '../../src/lifecycle/consumer.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { LatencyTally } from '../latency/latency-tally.ts';
import type { FinishedJob } from './calls/finished-jobs.ts';

/** What a worker process knows about one queue, and what its next call has to write. Local times are monotonic ms. */
export interface QueueState {
  readonly keys: QueueKeys;
  readonly finished: FinishedJob[];
  readonly latency: LatencyTally;
  /** Wake tokens that were received and must be acknowledged. */
  wakeIds: string[];
  /** Refs of jobs that a blocking read delivered: Redis must record that they have started. */
  startedRefs: string[];
  /** Refs of jobs that a blocking read delivered though the queue has limits: the next take decides when they start. */
  toAdmit: string[];
  /** Counts what was heard of the queue: wake tokens, and held jobs. */
  news: number;
  /** Classes of held jobs to take from, each with the number of the last news of it. */
  readonly classes: Map<string, number>;
  /** The classes of held jobs must be looked up, if there are any. */
  mustLook: boolean;
  paused: boolean;
  /** The queue has limits: only takes bring jobs. */
  isLimited: boolean;
  /** No job that waits in this process uses up a limit of the queue. */
  allowsReadAhead: boolean;
  /** The queue is paused or at its limit: a blocking read is only for wake tokens. */
  hearsOnlyWake: boolean;
  /** The process no longer serves the queue: it only finishes jobs that it holds. */
  isDropped: boolean;
  /** The last take returned less than it asked for, and nothing since says that there may be more. */
  isDrained: boolean;
  /** The last take returned all that it asked for. */
  hasMore: boolean;
  /** Redis has no lease of this process. Nothing is taken for a moment, so that it can be registered again. */
  lacksLease: boolean;
  /** The missing lease was reported. The next take that finds a lease resets this. */
  isLossReported: boolean;
  /** Takes whose reply is outstanding. */
  openTakes: number;
  /** Number of the last take, counted over all queues: the lowest number belongs to the least recently taken queue. */
  lastTake: number;
  lastTakeAt: number;
  /** When a blocking read of it came back. */
  readAt: number;
  /** Redis time of the last take before its last blocking read was sent, Unix ms. */
  readSince: number;
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
  toAdmit: [],
  news: 0,
  classes: new Map(),
  mustLook: true,
  paused: false,
  isLimited: false,
  allowsReadAhead: true,
  hearsOnlyWake: false,
  isDropped: false,
  isDrained: false,
  hasMore: false,
  lacksLease: false,
  isLossReported: false,
  openTakes: 0,
  lastTake: 0,
  lastTakeAt: Number.NEGATIVE_INFINITY,
  readAt: Number.NEGATIVE_INFINITY,
  readSince: 0,
  lastTakeAtRedis: 0,
  nextDueAt: Number.POSITIVE_INFINITY,
  firstRead: FIRST_READ,
});

/** @throws {Error} for a queue that the process does not serve. */
export function stateIn(states: readonly QueueState[], keys: QueueKeys): QueueState {
  const state = states.find((candidate) => candidate.keys === keys);
  if (state === undefined) throw new Error(`${keys.queue} is not a queue of this worker`);
  return state;
}

/** Whether the next call has something to write. */
export const hasWrites = (
  { finished, wakeIds, startedRefs, toAdmit, latency }: QueueState,
  now: number,
): boolean =>
  finished.length + wakeIds.length + startedRefs.length + toAdmit.length > 0 || latency.isDue(now);

/** What a call tells Redis of the reads before it: wake tokens, and refs of jobs that have started or wait for a take. */
type News = Required<Pick<TakeOptions, 'tokens' | 'begun' | 'toAdmit'>>;

/** What the next call has to tell. */
export function removeNews(state: QueueState): News {
  const { wakeIds: tokens, startedRefs: begun, toAdmit } = state;
  state.wakeIds = [];
  state.startedRefs = [];
  state.toAdmit = [];
  return { tokens, begun, toAdmit };
}

/** The call has failed: a later one tells it. */
export function putBackNews(state: QueueState, { tokens, begun, toAdmit }: News): void {
  state.wakeIds.unshift(...tokens);
  state.startedRefs.unshift(...begun);
  state.toAdmit.unshift(...toAdmit);
}

/** Whether a blocking read is the way to learn about more jobs of the queue. */
export const isReadyToWait = ({
  isDropped,
  isDrained,
  lacksLease,
  wakeIds,
  startedRefs,
  toAdmit,
}: QueueState): boolean =>
  (isDropped || (isDrained && !lacksLease)) && wakeIds.length + startedRefs.length + toAdmit.length === 0;

/**
 * Changes which queues a process serves, in place: new ones join, and others are dropped. Those dropped before leave once there
 * is nothing to write. Returns whether a queue has joined or was dropped.
 *
 * @param held jobs that the process holds.
 */
export function serveQueues(
  states: QueueState[],
  queues: readonly QueueKeys[],
  held: readonly { delivery: { keys: QueueKeys } }[],
): boolean {
  const served = new Set(queues);
  const kept = new Set([...queues, ...held.map(({ delivery }) => delivery.keys)]);
  const stays = ({ isDropped, keys, openTakes, finished }: QueueState) =>
    !isDropped || kept.has(keys) || openTakes + finished.length > 0;
  states.splice(0, states.length, ...states.filter(stays));
  const known = new Map(states.map((state) => [state.keys, state]));
  let hasChanged = false;
  for (const keys of queues) {
    const state = known.get(keys);
    if (state !== undefined && !state.isDropped) continue;
    hasChanged = true;
    if (state === undefined) states.push(newQueueState(keys));
    else Object.assign(state, { isDropped: false, isDrained: false, mustLook: true });
  }
  for (const state of states) {
    if (served.has(state.keys) || state.isDropped) continue;
    hasChanged = true;
    state.isDropped = true;
  }
  return hasChanged;
}

/** Records what a take of `count` jobs says about the queue. */
export function recordTake(
  state: QueueState,
  taken: Taken & { kind: 'taken' },
  count: number,
  now: number,
): void {
  state.isLossReported = false;
  state.paused = taken.paused;
  state.isLimited = taken.isLimited;
  state.allowsReadAhead = taken.allowsReadAhead;
  state.hearsOnlyWake = taken.paused || taken.isAtLimit;
  state.hasMore = isFull(taken, count);
  state.isDrained = state.hearsOnlyWake || !state.hasMore;
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
