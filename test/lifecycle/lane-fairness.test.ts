import { describe, expect, it } from 'vitest';
import { LaneFairness } from '../../src/lifecycle/lane-fairness.ts';

describe('the share of lower lanes', () => {
  it('is one job in sixteen, for each lane in turn', () => {
    const fairness = new LaneFairness();
    const lanes: number[] = [];
    for (let jobs = 0; jobs < 16 * 6; jobs += 1) {
      const { favouredLane, share } = fairness.next();
      if (share > 0) lanes.push(favouredLane);
      fairness.taken(1, 1);
    }
    expect(lanes).toEqual([2, 3, 4, 2, 3]);
  });

  it('does not pile up beyond one take', () => {
    const fairness = new LaneFairness();
    for (let i = 0; i < 10; i += 1) fairness.taken(160, 160);
    expect(fairness.next()).toEqual({ favouredLane: 2, share: 11 });
    expect(fairness.next()).toEqual({ favouredLane: 0, share: 0 });
  });
});
