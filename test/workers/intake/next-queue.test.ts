import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { InFlight } from '../../../workers/intake/in-flight.ts';
import { NextQueue } from '../../../workers/intake/next-queue.ts';
import { newQueueState } from '../../../workers/intake/queue-state.ts';

const NOW = 1_000;

function create(names: readonly string[]) {
  const states = names.map((name) => newQueueState(queueKeys('mr', name)));
  const inFlight = new InFlight();
  const next = new NextQueue(states, inFlight);
  const state = (name: string) => {
    const found = states.find(({ keys }) => keys.queue === name);
    if (found === undefined) throw new Error(`no queue ${name}`);
    return found;
  };
  const choose = (canTake = true, now = NOW) => next.choose(canTake, now)?.keys.queue;
  const take = (name: string) => {
    const call = { state: state(name), count: 1, news: 0, reservedSlots: 1 };
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
    inFlight.startCall({ state: state('a'), count: 1, news: 0, reservedSlots: 1 });
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
