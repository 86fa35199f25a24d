import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import {
  hasWrites,
  isReadyToWait,
  newQueueState,
  type QueueState,
  recordTake,
  serveQueues,
} from '../../../workers/intake/queue-state.ts';
import { createRunningJob } from '../../helpers/workers/running-job.ts';

const create = () => newQueueState(queueKeys('mr', 'default'));
const taken = (
  jobs: number,
  more: {
    paused?: boolean;
    isAtLimit?: boolean;
    isCut?: boolean;
    nextDueInMs?: number;
    payload?: string;
  } = {},
) => ({
  kind: 'taken' as const,
  now: 5_000,
  deliveries: Array.from({ length: jobs }, () => createRunningJob({ payload: more.payload }).delivery),
  paused: more.paused ?? false,
  hasHolds: false,
  isCut: more.isCut ?? false,
  isLimited: more.isAtLimit !== undefined,
  allowsReadAhead: more.isAtLimit === undefined,
  isAtLimit: more.isAtLimit ?? false,
  nextDueInMs: more.nextDueInMs,
});

describe('the state of a queue', () => {
  it('is drained by a take that returns less than it asked for, or finds the queue paused', () => {
    const state = create();
    recordTake(state, taken(2), 2, 100);
    expect(state.isDrained).toBe(false);
    recordTake(state, taken(1), 2, 100);
    expect(state.isDrained).toBe(true);
    recordTake(state, taken(1, { isCut: true }), 2, 100);
    expect(state.isDrained).toBe(false);
    recordTake(state, taken(0, { paused: true }), 0, 100);
    expect([state.paused, state.isDrained]).toEqual([true, true]);
  });

  it('is drained by a take that reaches a limit, and waits for wake tokens alone while it is paused or at one', () => {
    const state = create();
    recordTake(state, taken(2, { isAtLimit: true }), 2, 100);
    expect([state.isLimited, state.isDrained, state.hearsOnlyWake]).toEqual([true, true, true]);
    recordTake(state, taken(2, { isAtLimit: false }), 2, 100);
    expect([state.isLimited, state.isDrained, state.hearsOnlyWake]).toEqual([true, false, false]);
    recordTake(state, taken(0, { paused: true }), 2, 100);
    expect([state.isLimited, state.hearsOnlyWake]).toEqual([false, true]);
  });

  it('lets the next take begin with fewer jobs where the last ones were large', () => {
    const state = create();
    expect(state.firstRead).toBe(16);
    recordTake(state, taken(2, { payload: 'x'.repeat(500_000) }), 2, 100);
    expect(state.firstRead).toBe(2);
    recordTake(state, taken(0), 2, 100);
    expect(state.firstRead).toBe(2);
    recordTake(state, taken(1, { payload: 'x'.repeat(9_000_000) }), 2, 100);
    expect(state.firstRead).toBe(1);
    recordTake(state, taken(1), 2, 100);
    expect(state.firstRead).toBe(16);
  });

  it('keeps the time of the take here and at Redis, and the due time of the first delayed job', () => {
    const state = create();
    recordTake(state, taken(0, { nextDueInMs: 30 }), 1, 100);
    expect([state.lastTakeAt, state.lastTakeAtRedis, state.nextDueAt]).toEqual([100, 5_000, 130]);
    recordTake(state, taken(0), 1, 100);
    expect(state.nextDueAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('allows a blocking read when the queue is drained and nothing is to be written', () => {
    const state = create();
    expect(isReadyToWait(state)).toBe(false);
    state.isDrained = true;
    expect([isReadyToWait(state), hasWrites(state, 0)]).toEqual([true, false]);
    state.wakeIds.push('1-0');
    expect([isReadyToWait(state), hasWrites(state, 0)]).toEqual([false, true]);
    state.wakeIds = [];
    state.lacksLease = true;
    expect(isReadyToWait(state)).toBe(false);
  });
});

describe('the queues that a process serves', () => {
  const [a, b] = [queueKeys('mr', 'a'), queueKeys('mr', 'b')];
  const names = (states: readonly QueueState[]) =>
    states.map(({ keys, isDropped }) => `${keys.queue}${isDropped ? ' dropped' : ''}`);

  it('join and are dropped, and leave with a later change once nothing is held or written', () => {
    const states = [newQueueState(a)];
    expect(serveQueues(states, [a], [])).toBe(false);
    expect(serveQueues(states, [b], [])).toBe(true);
    expect(names(states)).toEqual(['a dropped', 'b']);
    expect(isReadyToWait(states[0] ?? newQueueState(a))).toBe(true);
    serveQueues(states, [b], [{ delivery: { keys: a } }]);
    expect(names(states)).toEqual(['a dropped', 'b']);
    expect(serveQueues(states, [b], [])).toBe(false);
    expect(names(states)).toEqual(['b']);
  });

  it('join again with the state that they had, and are taken from', () => {
    const states = [newQueueState(a)];
    const [state] = states;
    Object.assign(state ?? {}, { isDrained: true, mustLook: false });
    serveQueues(states, [], []);
    expect(serveQueues(states, [a], [])).toBe(true);
    expect(states).toEqual([state]);
    expect(state).toMatchObject({ isDropped: false, isDrained: false, mustLook: true });
  });
});
