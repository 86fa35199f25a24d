import { afterEach, expect, it } from 'vitest';
import { type Interrupt, listenForInterrupt } from '../../src/local/interrupt.ts';
import { createManualClock } from '../helpers/workers/manual-clock.ts';

let interrupt: Interrupt | undefined;
afterEach(() => interrupt?.dispose());

/** Delivers a signal to the listeners of this process alone. */
const signal = (name: NodeJS.Signals) => process.emit(name, name);
const aborted = () => [interrupt?.stop.aborted, interrupt?.hurry.aborted];

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'stops on the first %s, and ignores its echo from npm',
  (name) => {
    interrupt = listenForInterrupt();
    expect(aborted()).toEqual([false, false]);
    signal(name);
    signal(name);
    expect(aborted()).toEqual([true, false]);
  },
);

it('hurries on a second signal that is no echo', () => {
  const clock = createManualClock();
  interrupt = listenForInterrupt(clock);
  signal('SIGINT');
  clock.advance(501);
  signal('SIGINT');
  expect(aborted()).toEqual([true, true]);
});

it('stops listening when it is disposed', () => {
  interrupt = listenForInterrupt();
  const before = process.listenerCount('SIGHUP');
  interrupt.dispose();
  expect(process.listenerCount('SIGHUP')).toBe(before - 1);
});
