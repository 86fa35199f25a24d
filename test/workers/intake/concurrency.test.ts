import { describe, expect, it } from 'vitest';
import { ConcurrencyLimiter } from '../../../workers/intake/concurrency.ts';

const spin = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Slots whose items begin when there is room, and end when the test says so. */
function make(size: number, run: (n: number) => void = () => undefined) {
  const begun: number[] = [];
  const givenBack: number[][] = [];
  const slots = new ConcurrencyLimiter<{ n: number; heldAt: number }>({
    size,
    run: ({ n }) => {
      begun.push(n);
      run(n);
    },
    giveBack: (items) => givenBack.push(items.map(({ n }) => n)),
  });
  const accept = (numbers: number[]) => slots.accept(numbers.map((n) => ({ n, heldAt: 0 })));
  const held = () => slots.held.map(({ n }) => n).sort();
  const end = (n: number) => {
    const item = slots.held.find((one) => one.n === n);
    if (item === undefined) throw new Error(`${n} is not held`);
    slots.end(item);
  };
  const finish = (n: number, runMs: number) => {
    slots.ran(runMs);
    end(n);
  };
  return { slots, begun, givenBack, accept, held, end, finish };
}

describe('slots', () => {
  it('begin all that is short at once', async () => {
    const { begun, accept } = make(3);
    accept([1, 2, 3]);
    await nextTurn();
    expect(begun).toEqual([1, 2, 3]);
  });

  it('let the event loop turn between handlers that block it, and keep the order', async () => {
    const { begun, accept } = make(4, () => spin(30));
    const seen: number[][] = [];
    setImmediate(() => seen.push([...begun]));
    accept([1, 2]);
    accept([3]);
    while (begun.length < 3) await nextTurn();
    expect([seen, begun]).toEqual([[[1]], [1, 2, 3]]);
  });

  it('hold two where attempts do nothing but block, and all where they wait for something else, too', async () => {
    for (const [runMs, capacity] of [
      [30, 2],
      [500, 4],
    ] as const) {
      const { slots, begun, accept, finish } = make(4, () => spin(30));
      accept([1, 2, 3]);
      while (begun.length < 3) await nextTurn();
      finish(1, runMs);
      expect(slots.capacity).toBe(capacity);
    }
  });

  it('are idle when all have ended', async () => {
    const { slots, accept, finish } = make(2);
    accept([1, 2]);
    await nextTurn();
    let isIdle = false;
    const idle = slots.idle().then(() => {
      isIdle = true;
    });
    finish(1, 100);
    await nextTurn();
    expect(isIdle).toBe(false);
    finish(2, 100);
    await idle;
    expect(slots.free).toBe(2);
  });
});

describe('what is held', () => {
  it('is what was accepted and has not ended, in whatever order items end', () => {
    const { accept, held, end } = make(5);
    accept([1, 2, 3, 4, 5]);
    for (const [n, left] of [
      [2, [1, 3, 4, 5]],
      [5, [1, 3, 4]],
      [1, [3, 4]],
      [4, [3]],
      [3, []],
    ] as const) {
      end(n);
      expect(held()).toEqual(left);
    }
    accept([6, 7]);
    expect(held()).toEqual([6, 7]);
  });

  it('lets go of an item once, however often it ends', () => {
    const { slots, accept, held } = make(5);
    accept([1, 2, 3]);
    const [first] = slots.held;
    if (first === undefined) throw new Error('three are held');
    slots.end(first);
    slots.end(first);
    expect(held()).toEqual([2, 3]);
  });
});

describe('reading ahead', () => {
  it('holds more than runs only while attempts are short', async () => {
    const { slots, accept, finish } = make(1);
    expect(slots.capacity).toBe(1);
    accept([1]);
    await nextTurn();
    finish(1, 0.1);
    expect(slots.capacity).toBe(5);
    accept([2]);
    await nextTurn();
    finish(2, 30);
    expect(slots.capacity).toBe(1);
  });

  it('runs no more than its size, and begins the next when a handler has ended, settled or not', async () => {
    const { slots, begun, accept, held } = make(1);
    accept([1]);
    await nextTurn();
    slots.ran(0.1);
    accept([2, 3]);
    await nextTurn();
    expect(begun).toEqual([1, 2]);
    slots.ran(0.1);
    await nextTurn();
    expect(begun).toEqual([1, 2, 3]);
    expect(held()).toEqual([1, 2, 3]);
  });

  it('gives back what waits behind a long attempt, and reads ahead no more', async () => {
    const { slots, begun, givenBack, accept, held, finish } = make(1);
    accept([1]);
    await nextTurn();
    finish(1, 0.1);
    accept([2, 3, 4]);
    while (givenBack.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect([begun, givenBack, held(), slots.capacity]).toEqual([[1, 2], [[3, 4]], [2], 1]);
  });

  it('gives back at once what has not begun when it is told to', async () => {
    const { slots, givenBack, accept, held, finish } = make(1);
    accept([1]);
    await nextTurn();
    finish(1, 0.1);
    accept([2, 3]);
    await nextTurn();
    slots.giveBackWaiting();
    expect([givenBack, held()]).toEqual([[[3]], [2]]);
  });
});
