import { describe, expect, it } from 'vitest';
import { Slices } from '../src/slices.ts';

describe('Slices', () => {
  it('gives others a turn whenever 5 ms are used up', async () => {
    let now = 0;
    const slices = new Slices({ monotonic: () => now });
    let turns = 0;
    let isOver = false;
    const others = () => {
      turns += 1;
      if (!isOver) setImmediate(others);
    };
    setImmediate(others);
    const doubled = await slices.map([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], (item) => {
      now += 2;
      return [item, turns];
    });
    isOver = true;
    expect(doubled.map(([item]) => item)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(new Set(doubled.map(([, turn]) => turn)).size).toBe(4);
  });

  it('does not wait for short work', async () => {
    const slices = new Slices({ monotonic: () => 0 });
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    await slices.map(Array(1_000), () => undefined);
    expect(slices.isOver).toBe(false);
    expect(hasTurned).toBe(false);
  });
});
