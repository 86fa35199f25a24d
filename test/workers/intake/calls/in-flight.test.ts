import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { queueKeys } from '../../../../src/redis/keys.ts';
import { type Call, InFlight } from '../../../../workers/intake/calls/in-flight.ts';
import { newQueueState, type QueueState } from '../../../../workers/intake/queue-state.ts';

const stateOf = (queue: string) => newQueueState(queueKeys('mr', queue));
const callOf = (inFlight: InFlight, state: QueueState, count = 1): Call => ({
  state,
  primary: inFlight.of(state.keys),
  count,
  news: 0,
  reservedSlots: count,
});

describe('calls to one server', () => {
  const create = () => ({
    inFlight: new InFlight({
      primaryOf: undefined,
      onChange: () => undefined,
      onUncertainDelivery: () => undefined,
    }),
    state: stateOf('default'),
  });

  it('are two at a time', () => {
    const { inFlight, state } = create();
    const call = callOf(inFlight, state);
    inFlight.startCall(call);
    expect(inFlight.hasAnyCapacity).toBe(true);
    inFlight.startCall(call);
    expect(inFlight.hasAnyCapacity).toBe(false);
    inFlight.endCall(call);
    expect(inFlight.hasAnyCapacity).toBe(true);
  });

  it('reserve slots until they end, as reads do', () => {
    const { inFlight, state } = create();
    const call = callOf(inFlight, state, 2);
    inFlight.startCall(call);
    inFlight.startRead();
    expect([inFlight.reservedSlots, inFlight.isReading]).toEqual([3, true]);
    inFlight.endRead();
    inFlight.endCall(call);
    expect([inFlight.reservedSlots, inFlight.isReading]).toEqual([0, false]);
  });

  it('are counted as takes, unless they only write', () => {
    const { inFlight, state } = create();
    const primary = inFlight.of(state.keys);
    inFlight.startCall(callOf(inFlight, state, 0));
    expect([primary.openTakes, state.openTakes, state.lastTake]).toEqual([0, 0, 0]);
    inFlight.startCall(callOf(inFlight, state, 2));
    expect([primary.openTakes, state.openTakes, state.lastTake]).toEqual([1, 1, 1]);
  });
});

describe('calls to several primaries', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Queues are named `<primary>-<number>`. */
  function create() {
    let changes = 0;
    const inFlight = new InFlight({
      primaryOf: ({ queue }) => queue.slice(0, 1),
      onChange: () => {
        changes += 1;
      },
      onUncertainDelivery: () => undefined,
    });
    const startCall = (queue: string) => {
      const call = callOf(inFlight, stateOf(queue), 5);
      inFlight.startCall(call);
      return call;
    };
    const isAway = (primary: string) => inFlight.of(stateOf(`${primary}-0`).keys).isAway;
    return { inFlight, startCall, isAway, changes: () => changes };
  }

  it('are two at a time over all that answer', () => {
    const { inFlight, startCall } = create();
    startCall('a-1');
    startCall('b-1');
    expect([inFlight.hasAnyCapacity, inFlight.reservedSlots]).toEqual([false, 10]);
  });

  it('count no more when they do not come back, and one at a time asks whether the primary is there again', () => {
    const { inFlight, startCall, isAway, changes } = create();
    const [first] = [startCall('a-1'), startCall('a-2')];
    startCall('b-1');
    vi.advanceTimersByTime(250);
    expect([isAway('a'), inFlight.hasAnyCapacity]).toEqual([false, false]);
    inFlight.endCall(startCall('b-1'));
    vi.advanceTimersByTime(250);
    expect([isAway('a'), isAway('b'), changes()]).toEqual([true, false, 1]);
    expect([inFlight.hasAnyCapacity, inFlight.reservedSlots]).toEqual([true, 5]);
    expect(inFlight.hasCapacity(first.primary)).toBe(false);
    inFlight.endCall(first);
    expect([isAway('a'), inFlight.reservedSlots]).toEqual([false, 10]);
  });

  it('wait after a failure for the failed primary alone, until one succeeds', () => {
    const { inFlight, startCall, isAway } = create();
    const call = startCall('a-1');
    const { primary } = call;
    inFlight.endCall(call);
    inFlight.endCall(startCall('b-1'));
    primary.backoff.failed('take');
    expect([isAway('a'), inFlight.hasCapacity(primary), inFlight.hasAnyCapacity]).toEqual([
      true,
      false,
      true,
    ]);
    vi.advanceTimersByTime(1_000);
    expect([isAway('a'), inFlight.areSomeAway]).toEqual([true, true]);
    primary.backoff.succeeded();
    expect([isAway('a'), inFlight.areSomeAway]).toEqual([false, false]);
  });

  it('forget a primary that was away and serves no queue any more', () => {
    const { inFlight, startCall } = create();
    const lost = startCall('a-1');
    lost.primary.backoff.failed('take');
    inFlight.endCall(lost);
    startCall('b-1');
    vi.advanceTimersByTime(6_000);
    expect(inFlight.allOf([]).map(({ name }) => name)).toEqual(['b']);
  });
});

describe('the primary of a queue', () => {
  it('is told when it has changed, also when none served the queue in between', () => {
    const moved: string[] = [];
    let name = '';
    const { keys } = stateOf('default');
    const inFlight = new InFlight({
      primaryOf: () => name,
      onChange: () => undefined,
      onUncertainDelivery: ({ queue }) => moved.push(queue),
    });
    const toldAt = (next: string) => {
      name = next;
      inFlight.of(keys);
      return moved.length;
    };
    expect([toldAt(''), toldAt('a'), toldAt('a'), toldAt('b'), toldAt(''), toldAt('b')]).toEqual([
      0, 0, 0, 1, 1, 1,
    ]);
    expect([toldAt(''), toldAt('a'), moved]).toEqual([1, 2, ['default', 'default']]);
  });
});
