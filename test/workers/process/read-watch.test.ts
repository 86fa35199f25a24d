import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { newQueueState } from '../../../workers/intake/queue-state.ts';
import { ReadWatch } from '../../../workers/process/read-watch.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';

const BLOCK_MS = 1_000;

function create() {
  const clock = createManualClock();
  const limiter = { freeSlots: 1 };
  const [a, b] = ['a', 'b'].map((name) => newQueueState(queueKeys('mr', name)));
  if (a === undefined || b === undefined) throw new Error('no states');
  const watch = new ReadWatch({ states: [a, b], limiter, clock, blockMs: BLOCK_MS });
  return { clock, limiter, a, b, watch };
}

describe('the watch over reads', () => {
  it('names a queue that was never read', () => {
    const { a, clock, watch } = create();
    a.readAt = clock.monotonic();
    expect(watch.check()).toEqual({ queue: 'b' });
  });

  it('names the queue that was read least recently, once that is twice the block time ago', () => {
    const { a, b, clock, watch } = create();
    a.readAt = clock.monotonic();
    clock.advance(500);
    b.lastTakeAt = clock.monotonic();
    clock.advance(1_500);
    expect(watch.check()).toBeUndefined();
    clock.advance(1_000);
    expect(watch.check()).toEqual({ queue: 'a', forMs: 3_000 });
    a.readAt = clock.monotonic();
    expect(watch.check()).toEqual({ queue: 'b', forMs: 2_500 });
    b.isDropped = true;
    expect(watch.check()).toBeUndefined();
  });

  it('names none while all slots are in use, and for twice the block time after that', () => {
    const { clock, limiter, watch } = create();
    limiter.freeSlots = 0;
    expect(watch.check()).toBeUndefined();
    limiter.freeSlots = 1;
    clock.advance(2 * BLOCK_MS);
    expect(watch.check()).toBeUndefined();
    clock.advance(1);
    expect(watch.check()).toEqual({ queue: 'a' });
  });
});
