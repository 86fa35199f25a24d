import { describe, expect, it } from 'vitest';
import { ratioOf, rotated, spreadOf } from '../../bench/stats.ts';

describe('spreadOf', () => {
  it('gives median and range, whatever the order', () => {
    expect(spreadOf([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
    expect(spreadOf([10, 2, 4, 6])).toEqual({ median: 5, min: 2, max: 10 });
    expect(spreadOf([3])).toEqual({ median: 3, min: 3, max: 3 });
  });

  it('has nothing to say of no values', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });
});

describe('ratioOf', () => {
  it('is made within each round: a slow round slows both', () => {
    expect(ratioOf([100, 10, 60], [50, 5, 20])).toEqual({ median: 2, min: 2, max: 3 });
  });

  it('leaves out rounds that one of them has failed, and those without a base', () => {
    expect(ratioOf([undefined, 4, 6, 8], [1, 2, undefined, 0])).toEqual({ median: 2, min: 2, max: 2 });
    expect(ratioOf([undefined], [1])).toBeUndefined();
  });
});

describe('rotated', () => {
  it('lets each begin in turn', () => {
    const begins = [0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round));
    expect(begins.map(([first]) => first)).toEqual(['a', 'b', 'c', 'a']);
    expect(begins[1]).toEqual(['b', 'c', 'a']);
    expect(rotated([], 4)).toEqual([]);
  });
});
