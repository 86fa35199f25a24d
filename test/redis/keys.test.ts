import { describe, expect, it } from 'vitest';
import { inOrder, lanes, PLACES, placeIndex, queueKeys } from '../../src/redis/keys.ts';

describe('the keys of a queue', () => {
  it('share one hash tag', () => {
    const keys = queueKeys('mr', 'default');
    const all = [
      ...Object.values(keys.stream),
      ...Object.values(keys.due),
      ...Object.values(keys.dead),
      keys.scheduled,
      keys.leases,
      keys.notes,
      keys.events,
      keys.control,
      keys.wake,
      keys.totals,
      keys.settings,
      keys.tasks,
      keys.samples,
      keys.latency(1),
      keys.result('n1-0'),
    ];
    expect(new Set(all).size).toBe(all.length);
    for (const key of all) expect(key.startsWith('mr:{default}:')).toBe(true);
    expect(queueKeys('mr', 'default', 2).leases).toBe('mr:{default/2}:leases');
  });

  it('list the streams in the order in which scripts index them from 1', () => {
    const keys = queueKeys('mr', 'default');
    expect(PLACES.map((place) => inOrder(keys.stream)[placeIndex(place) - 1])).toEqual(
      PLACES.map((place) => keys.stream[place]),
    );
    expect(lanes(keys)).toEqual(inOrder(keys.stream).slice(0, 4));
  });
});
