import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { ConcurrencyLimiter } from '../../../workers/intake/concurrency-limiter.ts';

const block = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A limiter of numbered items, which end when the test says so. */
function createLimiter(size: number, onStart: (n: number) => void = () => undefined) {
  const started: number[] = [];
  const released: number[][] = [];
  const limiter = new ConcurrencyLimiter<{ n: number; heldIndex: number }>({
    size,
    clock: systemClock,
    release: (items) => released.push(items.map(({ n }) => n)),
  });
  limiter.runWith(({ n }) => {
    started.push(n);
    onStart(n);
  });
  const accept = (numbers: number[]) => limiter.accept(numbers.map((n) => ({ n, heldIndex: 0 })));
  const held = () => limiter.held.map(({ n }) => n).sort();
  const remove = (n: number) => {
    const item = limiter.held.find((one) => one.n === n);
    if (item === undefined) throw new Error(`${n} is not held`);
    limiter.remove(item);
  };
  const finish = (n: number, runMs: number) => {
    limiter.handlerEnded(runMs);
    remove(n);
  };
  return { limiter, started, released, accept, held, remove, finish };
}

describe('starting items', () => {
  it('starts short handlers all at once', async () => {
    const { started, accept } = createLimiter(3);
    accept([1, 2, 3]);
    await nextTurn();
    expect(started).toEqual([1, 2, 3]);
  });

  it('lets the event loop run between handlers that block it, and keeps the order', async () => {
    const { started, accept } = createLimiter(4, () => block(30));
    const seen: number[][] = [];
    setImmediate(() => seen.push([...started]));
    accept([1, 2]);
    accept([3]);
    while (started.length < 3) await nextTurn();
    expect([seen, started]).toEqual([[[1]], [1, 2, 3]]);
  });

  it('runs at most its size, and starts the next item when a handler has ended, before it is settled', async () => {
    const { limiter, started, accept, held } = createLimiter(1);
    accept([1]);
    await nextTurn();
    limiter.handlerEnded(0.1);
    accept([2, 3]);
    await nextTurn();
    expect(started).toEqual([1, 2]);
    limiter.handlerEnded(0.1);
    await nextTurn();
    expect(started).toEqual([1, 2, 3]);
    expect(held()).toEqual([1, 2, 3]);
  });
});

describe('capacity', () => {
  it.each([
    ['is two where attempts only block the event loop', 30, 2],
    ['is the whole size where attempts also wait', 500, 4],
  ])('%s', async (_, runMs, capacity) => {
    const { limiter, started, accept, finish } = createLimiter(4, () => block(30));
    accept([1, 2, 3]);
    while (started.length < 3) await nextTurn();
    finish(1, runMs);
    expect(limiter.capacity).toBe(capacity);
  });

  it('exceeds the size only while attempts are short', async () => {
    const { limiter, accept, finish } = createLimiter(1);
    expect(limiter.capacity).toBe(1);
    accept([1]);
    await nextTurn();
    finish(1, 0.1);
    expect(limiter.capacity).toBe(5);
    accept([2]);
    await nextTurn();
    finish(2, 30);
    expect(limiter.capacity).toBe(1);
  });
});

describe('held items', () => {
  it('are those accepted and not removed, in any order of removal', () => {
    const { accept, held, remove } = createLimiter(5);
    accept([1, 2, 3, 4, 5]);
    for (const [n, left] of [
      [2, [1, 3, 4, 5]],
      [5, [1, 3, 4]],
      [1, [3, 4]],
      [4, [3]],
      [3, []],
    ] as const) {
      remove(n);
      expect(held()).toEqual(left);
    }
    accept([6, 7]);
    expect(held()).toEqual([6, 7]);
  });

  it('lose an item once, however often it is removed', () => {
    const { limiter, accept, held } = createLimiter(5);
    accept([1, 2, 3]);
    const [first] = limiter.held;
    if (first === undefined) throw new Error('three items are held');
    limiter.remove(first);
    limiter.remove(first);
    expect(held()).toEqual([2, 3]);
  });

  it('are awaited by whenEmpty until the last one is removed', async () => {
    const { limiter, accept, finish } = createLimiter(2);
    accept([1, 2]);
    await nextTurn();
    let isEmpty = false;
    const empty = limiter.whenEmpty().then(() => {
      isEmpty = true;
    });
    finish(1, 100);
    await nextTurn();
    expect(isEmpty).toBe(false);
    finish(2, 100);
    await empty;
    expect(limiter.freeSlots).toBe(2);
  });
});

describe('items that were read ahead', () => {
  it('are released when they wait behind a long attempt, and read-ahead stops', async () => {
    const { limiter, started, released, accept, held, finish } = createLimiter(1);
    accept([1]);
    await nextTurn();
    finish(1, 0.1);
    accept([2, 3, 4]);
    while (released.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect([started, released, held(), limiter.capacity]).toEqual([[1, 2], [[3, 4]], [2], 1]);
  });

  it('are released at once by releaseWaiting', async () => {
    const { limiter, released, accept, held, finish } = createLimiter(1);
    accept([1]);
    await nextTurn();
    finish(1, 0.1);
    accept([2, 3]);
    await nextTurn();
    limiter.releaseWaiting();
    expect([released, held()]).toEqual([[[3]], [2]]);
  });
});
