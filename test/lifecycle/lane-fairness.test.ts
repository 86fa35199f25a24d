import { describe, expect, it } from 'vitest';
import { LaneFairness } from '../../src/lifecycle/lane-fairness.ts';

describe('the share of lower lanes', () => {
  it('is one job in sixteen, for each lane and the due jobs of each lower priority in turn', () => {
    const fairness = new LaneFairness();
    const lanes: string[] = [];
    for (let jobs = 0; jobs < 16 * 9; jobs += 1) {
      const { favouredLane, favoursDue, share } = fairness.next();
      if (share > 0) lanes.push(favoursDue ? `due ${favouredLane}` : `lane ${favouredLane}`);
      fairness.taken(1, 1);
    }
    const turns = ['lane 2', 'lane 3', 'lane 4', 'due 2', 'due 3', 'due 4', 'lane 1'];
    expect(lanes).toEqual([...turns, 'lane 2']);
  });

  it('does not pile up beyond one take', () => {
    const fairness = new LaneFairness();
    for (let i = 0; i < 10; i += 1) fairness.taken(160, 160);
    expect(fairness.next()).toEqual({ favouredLane: 2, favoursDue: false, share: 11 });
    expect(fairness.next()).toEqual({ favouredLane: 0, favoursDue: false, share: 0 });
  });
});
