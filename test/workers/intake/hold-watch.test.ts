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
  const calls = { looks: 0, found: 0 };
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
  });
  /** A take of two jobs that brings `jobs`, after it has asked for what was known when it began. */
  const take = async (
    jobs: number,
    more: { hasHolds?: boolean; paused?: boolean } = {},
    whileItRuns?: () => void,
  ) => {
    const asked = askedClasses(state);
    whileItRuns?.();
    const deliveries = Array.from({ length: jobs }, () => createRunningJob().delivery);
    const said = { paused: false, hasHolds: true, isCut: false, ...more };
    const taken = { kind: 'taken' as const, now: 0, deliveries, ...said };
    watch.taken(state, asked, { ...taken, nextDueInMs: undefined }, 2);
    await new Promise(setImmediate);
  };
  return { watch, state, calls, take, asked: () => [...askedClasses(state).keys()] };
}

describe('a worker', () => {
  it('looks for held jobs once, when a take says that there are some', async () => {
    const { calls, take, asked } = create([OWN]);
    await take(0, { hasHolds: false });
    expect(calls).toEqual({ looks: 0, found: 0 });
    await take(0);
    expect([calls, asked()]).toEqual([{ looks: 1, found: 1 }, [OWN]]);
    for (let i = 0; i < 5; i += 1) await take(0);
    expect(calls.looks).toBe(1);
  });

  it('looks again when news may have been missed', async () => {
    const { watch, calls, take } = create();
    await take(0);
    watch.lookAgain();
    await take(0);
    expect(watch.heard('q', undefined)).toBe(true);
    await take(0);
    expect(calls.looks).toBe(3);
  });

  it('asks for a class that it hears of and can run, until a take brings less than it asked for', async () => {
    const { watch, state, take, asked } = create();
    state.isDrained = true;
    expect([watch.heard('q', REFUSED), watch.heard('q', 'task:other\n'), watch.heard('other', OWN)]).toEqual([
      false,
      false,
      false,
    ]);
    expect([watch.heard('q', OWN), state.isDrained, asked()]).toEqual([true, false, [OWN]]);
    await take(2);
    expect(asked()).toEqual([OWN]);
    await take(0, { paused: true });
    expect(asked()).toEqual([OWN]);
    await take(1);
    expect(asked()).toEqual([]);
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
