import { describe, expect, it } from 'vitest';
import { preflight, type RunnableTask } from '../../src/attempts/preflight.ts';
import type { Delivery } from '../../src/lifecycle/scripts/take.ts';
import { encodeEntry, parseEntry } from '../../src/redis/entry.ts';
import type { EntryOptions } from '../../src/redis/entry-options.ts';
import { queueKeys } from '../../src/redis/keys.ts';

const CREATED_AT = 1_000_000;
const NOW = 2_000_000;

const task: RunnableTask<unknown> = {
  refusersOf: (payload) => (payload === 1 ? [] : ['v1']),
};
const find = (name: string) => (name === 'work' ? task : undefined);

function check(
  options: EntryOptions = {},
  {
    delivery = {},
    entry = encodeEntry('work', '1', options),
  }: { delivery?: Partial<Delivery>; entry?: string[] } = {},
) {
  const full: Delivery = {
    keys: queueKeys('mr', 'q'),
    place: 'normal',
    entryId: `${CREATED_AT}-0`,
    fields: entry,
    attempt: 1,
    token: 1,
    begun: false,
    losses: 0,
    takenAt: CREATED_AT,
    readyAt: CREATED_AT,
    cancelAsked: false,
    ...delivery,
  };
  return preflight(full, parseEntry(full.fields), parseEntry(full.fields)?.value, find, NOW);
}

describe('a delivery', () => {
  it('is to be run when nothing speaks against it', () => {
    expect(check()).toBeUndefined();
    expect(check({ x: 5_000 }, { delivery: { takenAt: CREATED_AT + 4_999 } })).toBeUndefined();
  });

  it('fails for good when the entry is not a job', () => {
    expect(check({}, { entry: ['other', 'fields'] })).toMatchObject({
      kind: 'failed',
      retryable: false,
      error: { name: 'malformed-entry', attempt: 1, at: NOW },
    });
  });

  it('is held when this worker lacks the task, whatever its attempt, or when its schema refuses the payload', () => {
    const unknown = encodeEntry('other', '1', {});
    expect(check({}, { entry: unknown, delivery: { attempt: 9 } })).toEqual({
      kind: 'held',
      reason: 'task:other',
      refusers: [],
    });
    expect(check({}, { entry: encodeEntry('work', '2', {}) })).toEqual({
      kind: 'held',
      reason: 'task:work',
      refusers: ['v1'],
    });
  });

  it('is cancelled when that was requested, whatever else holds', () => {
    expect(check({ x: 1 }, { delivery: { cancelAsked: true, takenAt: NOW } })).toEqual({ kind: 'cancelled' });
  });

  it('is expired only before its first start', () => {
    const takenAt = CREATED_AT + 5_000;
    expect(check({ x: 5_000 }, { delivery: { takenAt } })).toEqual({ kind: 'expired' });
    expect(check({ x: 5_000 }, { delivery: { takenAt, begun: true } })).toBeUndefined();
    expect(check({ x: 5_000 }, { delivery: { takenAt, token: 2 } })).toBeUndefined();
  });

  it('is exhausted when all attempts were spent before', () => {
    expect(check({ a: 2 }, { delivery: { attempt: 3 } })).toEqual({ kind: 'exhausted' });
    expect(check({ a: 2 }, { delivery: { attempt: 2 } })).toBeUndefined();
  });
});
