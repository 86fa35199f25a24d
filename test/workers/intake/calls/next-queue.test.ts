import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../../src/redis/keys.ts';
import { InFlight } from '../../../../workers/intake/calls/in-flight.ts';
import { NextQueue } from '../../../../workers/intake/calls/next-queue.ts';
import { newQueueState, type QueueState } from '../../../../workers/intake/queue-state.ts';

const NOW = 1_000;

const callOf = (inFlight: InFlight, state: QueueState) => ({
  state,
  primary: inFlight.of(state.keys),
  count: 1,
  news: 0,
  reservedSlots: 1,
});

function create(names: readonly string[]) {
  const states = names.map((name) => newQueueState(queueKeys('mr', name)));
  const inFlight = new InFlight({
    primaryOf: undefined,
    onChange: () => undefined,
    onUncertainDelivery: () => undefined,
  });
  const next = new NextQueue(states, inFlight);
  const state = (name: string) => {
    const found = states.find(({ keys }) => keys.queue === name);
    if (found === undefined) throw new Error(`no queue ${name}`);
    return found;
  };
  const choose = (canTake = true, now = NOW) => next.choose(canTake, now)?.keys.queue;
  const take = (name: string) => {
    const call = callOf(inFlight, state(name));
    inFlight.startCall(call);
    inFlight.endCall(call);
    state(name).lastTakeAt = NOW;
  };
  return { next, inFlight, state, choose, take };
}

describe('the next queue', () => {
  it('is one with something to write, before one that may have jobs', () => {
    const { choose, state } = create(['a', 'b']);
    state('b').wakeIds.push('1-0');
    expect([choose(), choose(false)]).toEqual(['b', 'b']);
  });

  it('is the least recently taken queue that may have jobs', () => {
    const { choose, take } = create(['a', 'b']);
    expect(choose()).toBe('a');
    take('a');
    expect(choose()).toBe('b');
    take('b');
    expect(choose()).toBe('a');
  });

  it('is none while nothing may be taken and nothing is to be written', () => {
    expect(create(['a']).choose(false)).toBeUndefined();
  });

  it('is not one with a take under way, or without a lease', () => {
    const { choose, state, inFlight } = create(['a', 'b']);
    inFlight.startCall(callOf(inFlight, state('a')));
    state('b').lacksLease = true;
    expect(choose()).toBeUndefined();
  });

  it('is not one that the process no longer serves, unless there is something to write', () => {
    const { choose, state, next } = create(['a']);
    state('a').isDropped = true;
    expect([choose(), next.isFirstToTake(state('a'), NOW)]).toEqual([undefined, false]);
    state('a').wakeIds.push('1-0');
    expect(choose()).toBe('a');
  });

  it('is not one that allows no reading ahead while no job of it could start at once', () => {
    const { choose, next, state } = create(['limited', 'free']);
    expect(next.choose(true, NOW, 1)?.keys.queue).toBe('limited');
    state('limited').allowsReadAhead = false;
    expect(next.choose(true, NOW, 0)?.keys.queue).toBe('free');
    expect(choose()).toBe('limited');
  });

  it('is a drained one when its first delayed job is due', () => {
    const { choose, state } = create(['a']);
    Object.assign(state('a'), { isDrained: true, nextDueAt: NOW + 1 });
    expect([choose(true, NOW), choose(true, NOW + 1)]).toEqual([undefined, 'a']);
  });

  it('is a drained one every 10 ms while another queue keeps the worker from waiting', () => {
    const { choose, state, take, inFlight } = create(['drained', 'busy']);
    take('drained');
    take('busy');
    state('drained').isDrained = true;
    expect([choose(true, NOW + 9), choose(true, NOW + 10)]).toEqual(['busy', 'drained']);
    inFlight.startRead();
    expect(choose(true, NOW + 10)).toBe('busy');
  });
});

describe('a call that writes anyway', () => {
  it('takes only if no other queue with jobs was taken from less recently', () => {
    const { next, state, take } = create(['a', 'b']);
    take('a');
    expect([next.isFirstToTake(state('a'), NOW), next.isFirstToTake(state('b'), NOW)]).toEqual([false, true]);
    state('b').lacksLease = true;
    expect([next.isFirstToTake(state('a'), NOW), next.isFirstToTake(state('b'), NOW)]).toEqual([true, false]);
  });
});

describe('takes', () => {
  /** Takes from the queue as the batcher does; the take brings all that it asked for, or less. */
  function takeFull(all: ReturnType<typeof create>, name: string, now: number, isFull = true): void {
    const { inFlight, next, state } = all;
    const call = callOf(inFlight, state(name));
    inFlight.startCall(call);
    next.taking(state(name), now);
    inFlight.endCall(call);
    Object.assign(state(name), { hasMore: isFull, isDrained: !isFull, lastTakeAt: now });
    next.taking(state(name), now);
  }

  it('stay with a queue that has more for 25 ms, then go to the least recently taken', () => {
    const all = create(['a', 'b', 'c']);
    const { choose, next, state } = all;
    takeFull(all, 'a', NOW);
    expect([choose(true, NOW + 24), choose(true, NOW + 25)]).toEqual(['a', 'b']);
    expect([next.isFirstToTake(state('a'), NOW + 24), next.isFirstToTake(state('b'), NOW + 24)]).toEqual([
      true,
      false,
    ]);
    takeFull(all, 'b', NOW + 25);
    expect([choose(true, NOW + 49), choose(true, NOW + 50)]).toEqual(['b', 'c']);
  });

  it('wait for the take under way of the queue with which they stay', () => {
    const all = create(['a', 'b']);
    const { choose, inFlight, state } = all;
    takeFull(all, 'a', NOW);
    const call = callOf(inFlight, state('a'));
    inFlight.startCall(call);
    expect([choose(true, NOW + 1), choose(true, NOW + 25)]).toEqual([undefined, 'b']);
  });

  it('go on at once when the queue is drained, has no lease, is dropped, or may not start a job', () => {
    const ends: [string, object, number][] = [
      ['drained', { isDrained: true, hasMore: false }, 5],
      ['without a lease', { lacksLease: true }, 5],
      ['dropped', { isDropped: true }, 5],
      ['limited', { allowsReadAhead: false }, 0],
    ];
    for (const [why, change, starts] of ends) {
      const all = create(['a', 'b']);
      takeFull(all, 'a', NOW);
      Object.assign(all.state('a'), change);
      expect([why, all.next.choose(true, NOW + 1, starts)?.keys.queue]).toEqual([why, 'b']);
    }
  });

  it('ask queues of which nothing is known one after the other, without staying', () => {
    const all = create(['a', 'b', 'c']);
    const { choose, inFlight, state, next } = all;
    const call = callOf(inFlight, state('a'));
    inFlight.startCall(call);
    next.taking(state('a'), NOW);
    expect(choose()).toBe('b');
    takeFull(all, 'b', NOW, false);
    expect(choose()).toBe('c');
  });
});

describe('a queue whose primary is away', () => {
  /** Queues are named by their primaries. */
  function createMany(names: readonly string[]) {
    const states = names.map((name) => newQueueState(queueKeys('mr', name)));
    const inFlight = new InFlight({
      primaryOf: ({ queue }) => queue.slice(0, 1),
      onChange: () => undefined,
      onUncertainDelivery: () => undefined,
    });
    const next = new NextQueue(states, inFlight);
    return { states, inFlight, next, choose: (canTake = true) => next.choose(canTake, NOW)?.keys.queue };
  }

  it('is asked alone, by one call, even while no slot is free', () => {
    const { states, inFlight, next, choose } = createMany(['a1', 'a2', 'b1']);
    const [a1] = states as [QueueState];
    const { backoff } = inFlight.of(a1.keys);
    backoff.failed('take');
    expect([choose(), choose(false)]).toEqual(['b1', undefined]);
    expect(next.isFirstToTake(a1, NOW)).toBe(false);
    backoff.giveUp();
    expect([choose(), choose(false)]).toEqual(['b1', 'a1']);
    inFlight.startCall({ ...callOf(inFlight, a1), count: 0 });
    expect(choose(false)).toBeUndefined();
  });

  it('does not keep others from being first', () => {
    const { states, inFlight, next } = createMany(['a1', 'b1']);
    const [a1, b1] = states as [QueueState, QueueState];
    const call = callOf(inFlight, b1);
    inFlight.startCall(call);
    inFlight.endCall(call);
    expect(next.isFirstToTake(b1, NOW)).toBe(false);
    inFlight.of(a1.keys).backoff.failed('take');
    expect(next.isFirstToTake(b1, NOW)).toBe(true);
  });
});
