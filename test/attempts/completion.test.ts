import { describe, expect, it } from 'vitest';
import { completionOf } from '../../src/attempts/completion.ts';
import type { EntryOptions } from '../../src/redis/entry-options.ts';

const ref = { place: 'normal', entryId: '1-0' } as const;
const deliveryOf = (options: EntryOptions) => ({
  entry: { task: 'work', payload: '{"a":1}', options },
  ref,
  token: 3,
  attempt: 1,
});
const completed = { kind: 'completed', result: '[1]' } as const;

describe('a completion', () => {
  it('has the result, and the time that the job asks for to keep it', () => {
    const completion = completionOf(deliveryOf({ rt: 5_000, w: true }), completed, undefined, 60_000);
    expect(completion).toMatchObject({ ref, token: 3, status: 'completed', ttlMs: 5_000, isAwaited: true });
    expect(completion.tail).toContain('"r":[1]');
    expect(completion.tail).not.toContain('{"a":1}');
  });

  it('keeps the payload if the job asks for it', () => {
    expect(completionOf(deliveryOf({ k: true }), completed, undefined, 60_000).tail).toContain('{"a":1}');
  });

  it('is kept for at least 1 ms', () => {
    expect(completionOf(deliveryOf({}), { kind: 'expired' }, undefined, 0).ttlMs).toBe(1);
  });
});
