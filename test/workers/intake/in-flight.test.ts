import { expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { InFlight } from '../../../workers/intake/in-flight.ts';
import { newQueueState } from '../../../workers/intake/queue-state.ts';

const create = () => ({ inFlight: new InFlight(), state: newQueueState(queueKeys('mr', 'default')) });

it('allows two calls at a time', () => {
  const { inFlight, state } = create();
  const call = { state, count: 1, news: 0, reservedSlots: 1 };
  inFlight.startCall(call);
  expect(inFlight.hasCapacity).toBe(true);
  inFlight.startCall(call);
  expect(inFlight.hasCapacity).toBe(false);
  inFlight.endCall(call);
  expect(inFlight.hasCapacity).toBe(true);
});

it('reserves slots for calls and reads until they end', () => {
  const { inFlight, state } = create();
  const call = { state, count: 3, news: 0, reservedSlots: 2 };
  inFlight.startCall(call);
  inFlight.startRead();
  expect([inFlight.reservedSlots, inFlight.isReading]).toEqual([3, true]);
  inFlight.endRead();
  inFlight.endCall(call);
  expect([inFlight.reservedSlots, inFlight.isReading]).toEqual([0, false]);
});

it('counts takes, and not calls that only write', () => {
  const { inFlight, state } = create();
  inFlight.startCall({ state, count: 0, news: 0, reservedSlots: 0 });
  expect([inFlight.openTakes, state.openTakes, state.lastTake]).toEqual([0, 0, 0]);
  inFlight.startCall({ state, count: 2, news: 0, reservedSlots: 2 });
  expect([inFlight.openTakes, state.openTakes, state.lastTake]).toEqual([1, 1, 1]);
});
