import { describe, expect, it } from 'vitest';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { type PlannedFiring, planFiring, toChunks } from '../../src/schedules/plan-firing.ts';
import type { ScheduleDefinition, ScheduleState } from '../../src/schedules/stored.ts';

const keySpace = new KeySpace('mr');
const NOW = Date.UTC(2026, 0, 31, 12);
const SECOND = 1_000;
const TASKS = { defaults: () => ({ attempts: 3 }) };

function stored(definition: Partial<ScheduleDefinition> = {}, state: Partial<ScheduleState> = {}) {
  return {
    id: 's',
    definition: JSON.stringify({
      every: SECOND,
      misfire: 'all',
      overlap: 'allow',
      job: { task: 'echo', queue: 'q', metadata: { own: 'label' } },
      createdAt: NOW - 10 * SECOND,
      updatedAt: NOW - 10 * SECOND,
      ...definition,
    }),
    state: JSON.stringify({ v: 'v1', next: NOW - 4 * SECOND, runs: 7, missed: 1, skipped: 0, ...state }),
  };
}

describe('planFiring', () => {
  it('plans one job per due slot, each with the label of its slot', () => {
    const schedule = stored();
    const { firing, replacedRef } = planFiring(keySpace, schedule, NOW, TASKS);
    expect(firing.expected).toBe(schedule.state);
    expect(firing.slots.map(({ slot }) => slot)).toEqual([4, 3, 2, 1, 0].map((s) => NOW - s * SECOND));
    expect(firing.slots[0]?.options.a).toBe(3);
    expect(firing.slots[0]?.options.m).toEqual({ own: 'label', schedule: 's/2026-01-31T11:59:56.000Z' });
    expect(JSON.parse(firing.state)).toMatchObject({ next: NOW + SECOND, runs: 7, missed: 1 });
    expect(firing.fireAt).toBe(NOW + SECOND);
    expect(replacedRef).toBeUndefined();
  });

  it('adds the dropped slots to those missed before', () => {
    const { firing } = planFiring(
      keySpace,
      stored({ misfire: 'skip' }, { next: NOW - 70 * SECOND }),
      NOW,
      TASKS,
    );
    expect(JSON.parse(firing.state)).toHaveProperty('missed', 1 + 10);
  });

  it('replaces the last job one slot at a time', () => {
    const { firing, replacedRef } = planFiring(
      keySpace,
      stored({ overlap: 'replace' }, { ref: 'n1-0' }),
      NOW,
      TASKS,
    );
    expect(firing.slots).toHaveLength(1);
    expect(replacedRef).toBe('n1-0');
    expect(firing.fireAt).toBe(NOW - 3 * SECOND);
  });

  it('plans at most 8 MiB of jobs', () => {
    const payload = 'x'.repeat(3_000_000);
    const { firing, bytes } = planFiring(
      keySpace,
      stored({ job: { task: 'echo', queue: 'q', payload } }),
      NOW,
      TASKS,
    );
    expect(firing.slots).toHaveLength(2);
    expect(bytes).toBeGreaterThan(6_000_000);
    expect(bytes).toBeLessThan(8_388_608);
  });

  it('throws for a stored schedule that cannot be read', () => {
    expect(() => planFiring(keySpace, { ...stored(), definition: '{"later":true}' }, NOW, TASKS)).toThrow(
      'the stored schedule "s" cannot be read',
    );
  });
});

describe('toChunks', () => {
  const one = planFiring(keySpace, stored(), NOW, TASKS);
  const planned = (slots: number, bytes: number): PlannedFiring => {
    const [slot = { slot: 0, options: {} }] = one.firing.slots;
    return { ...one, bytes, firing: { ...one.firing, slots: Array.from({ length: slots }, () => slot) } };
  };
  const sizes = (chunks: PlannedFiring[][]) =>
    chunks.map((chunk) => chunk.map(({ firing }) => firing.slots.length));

  it('starts a new chunk before the 201st slot', () => {
    expect(sizes(toChunks([planned(150, 1), planned(50, 1), planned(1, 1)]))).toEqual([[150, 50], [1]]);
  });

  it('starts a new chunk before more than 8 MiB, and lets a larger one be alone', () => {
    const large = planned(1, 9_000_000);
    expect(sizes(toChunks([planned(2, 5_000_000), planned(3, 5_000_000), large]))).toEqual([[2], [3], [1]]);
  });

  it('keeps a schedule without slots to fire', () => {
    expect(sizes(toChunks([planned(0, 0)]))).toEqual([[0]]);
    expect(toChunks([])).toEqual([]);
  });
});
