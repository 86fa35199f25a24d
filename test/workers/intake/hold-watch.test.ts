import { describe, expect, it } from 'vitest';
import { NO_OBSERVER } from '../../../src/observer.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { askedClasses, HoldWatch } from '../../../workers/intake/hold-watch.ts';
import { newQueueState } from '../../../workers/intake/queue-state.ts';
import { createRunningJob } from '../../helpers/workers/running-job.ts';

const OWN = 'task:own\n';
const REFUSED = 'task:own\nv1';

/** A watch of one queue, whose held jobs have these classes. */
function create(classes: readonly string[] = []) {
  const state = newQueueState(queueKeys('mr', 'q'));
  const calls = { looks: 0, found: 0, readsEnded: 0 };
  const watch = new HoldWatch({
    consumer: {
      runnableClasses: async () => {
        calls.looks += 1;
        return [...classes];
      },
    },
    ability: { tasks: ['own'], schemasOf: () => ['v1'] },
    states: [state],
    observe: NO_OBSERVER,
    onFound: () => {
      calls.found += 1;
    },
    endRead: () => {
      calls.readsEnded += 1;
    },
  });
  /** A take of two jobs that brings `jobs`, after it has asked for what was known when it began. */
  const take = async (
    jobs: number,
    more: { hasHolds?: boolean; paused?: boolean; isAtLimit?: boolean } = {},
    whileItRuns?: () => void,
  ) => {
    const asked = askedClasses(state);
    const { news } = state;
    whileItRuns?.();
    const deliveries = Array.from({ length: jobs }, () => createRunningJob().delivery);
    const said = {
      paused: false,
      hasHolds: true,
      isCut: false,
      isLimited: false,
      allowsReadAhead: true,
      isAtLimit: false,
      ...more,
    };
    const taken = { kind: 'taken' as const, now: 0, deliveries, ...said };
    // What a take records of a queue without more jobs.
    state.isDrained = deliveries.length < 2;
    watch.taken(state, asked, { ...taken, nextDueInMs: undefined }, { count: 2, news });
    await new Promise(setImmediate);
  };
  return { watch, state, calls, take, asked: () => [...askedClasses(state).keys()] };
}

describe('a worker', () => {
  it('looks for held jobs once, when a take says that there are some', async () => {
    const { calls, take, asked } = create([OWN]);
    await take(0, { hasHolds: false });
    expect(calls).toEqual({ looks: 0, found: 0, readsEnded: 0 });
    await take(0);
    expect([calls, asked()]).toEqual([{ looks: 1, found: 1, readsEnded: 1 }, [OWN]]);
    for (let i = 0; i < 5; i += 1) await take(0);
    expect(calls.looks).toBe(1);
  });

  it('looks again when news may have been missed', async () => {
    const { watch, calls, take } = create();
    await take(0);
    watch.lookAgain();
    await take(0);
    watch.heard('q', undefined);
    expect(calls.readsEnded).toBe(1);
    await take(0);
    expect(calls.looks).toBe(3);
  });

  it('asks for a class that it hears of and can run, until a take brings less than it asked for', async () => {
    const { watch, state, calls, take, asked } = create();
    state.isDrained = true;
    watch.heard('q', REFUSED);
    watch.heard('q', 'task:other\n');
    watch.heard('other', OWN);
    expect([calls.found, calls.readsEnded, state.isDrained]).toEqual([0, 0, true]);
    watch.heard('q', OWN);
    expect([calls.found, calls.readsEnded, state.isDrained, asked()]).toEqual([1, 1, false, [OWN]]);
    await take(2);
    expect(asked()).toEqual([OWN]);
    await take(0, { paused: true });
    expect(asked()).toEqual([OWN]);
    await take(1);
    expect(asked()).toEqual([]);
  });

  it.each([OWN, undefined])('takes again after news that came while a take ran: %j', async (holdClass) => {
    const { watch, state, calls, take } = create();
    await take(0, { hasHolds: false });
    expect(state.isDrained).toBe(true);
    await take(0, { hasHolds: false }, () => void watch.heard('q', holdClass));
    expect(state.isDrained).toBe(false);
    await take(0, { hasHolds: holdClass === undefined });
    expect([state.isDrained, calls.looks]).toEqual([true, holdClass === undefined ? 1 : 0]);
    // It may have been resumed.
    await take(0, { paused: true }, () => void watch.heard('q', holdClass));
    expect(state.isDrained).toBe(false);
    await take(0, { paused: true });
    expect(state.isDrained).toBe(true);
  });

  it('keeps a class of which it hears again while a take for it is under way', async () => {
    const { watch, take, asked } = create();
    watch.heard('q', OWN);
    await take(0, {}, () => void watch.heard('q', OWN));
    expect(asked()).toEqual([OWN]);
    await take(0);
    expect(asked()).toEqual([]);
  });
});
