import { describe, expect, it } from 'vitest';
import { RecentRefs } from '../../src/events/recent-refs.ts';

describe('RecentRefs', () => {
  it('remembers a ref that came', () => {
    const recent = new RecentRefs();
    const since = recent.count;
    recent.add('n1-0');
    expect([recent.mayHaveCome('n1-0', since), recent.mayHaveCome('n2-0', since)]).toEqual([true, false]);
  });

  it('answers that a ref may have come when too many came since', () => {
    const recent = new RecentRefs();
    const since = recent.count;
    for (let i = 0; i < 5_000; i += 1) recent.add(`n${i}-0`);
    expect(recent.mayHaveCome('n5000-0', since)).toBe(false);
    expect(recent.mayHaveCome('n0-0', since)).toBe(true);
    recent.add('n5000-1');
    expect(recent.mayHaveCome('n9999-0', since)).toBe(true);
  });

  it('forgets old refs', () => {
    const recent = new RecentRefs();
    for (let i = 0; i < 20_000; i += 1) recent.add(`n${i}-0`);
    expect(recent.mayHaveCome('n1-0', recent.count)).toBe(false);
  });
});
