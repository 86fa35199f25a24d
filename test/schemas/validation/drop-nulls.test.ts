import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { SubmitJob } from '../../../src/schemas/job.ts';
import { QueueSettings } from '../../../src/schemas/queue.ts';
import { dropNulls } from '../../../src/schemas/validation/drop-nulls.ts';

describe('dropNulls', () => {
  it('deletes optional members that are null, at any level that the schema knows', () => {
    const job = {
      task: 'a',
      delay: null,
      backoff: { type: 'fixed', delay: 1, max: null },
      metadata: { a: null, b: 'c' },
    };
    expect(dropNulls(SubmitJob, job)).toBe(true);
    expect(job).toEqual({ task: 'a', backoff: { type: 'fixed', delay: 1 }, metadata: { b: 'c' } });
    const list = [{ a: null }];
    expect(dropNulls(Type.Array(Type.Object({ a: Type.Optional(Type.String()) })), list)).toBe(true);
    expect(list).toEqual([{}]);
  });

  it('leaves nulls that are values, that are required or unknown, and what is inside of a payload', () => {
    const job = { task: null, payload: null, other: null };
    expect(dropNulls(SubmitJob, job)).toBe(false);
    expect(job).toEqual({ task: null, payload: null, other: null });
    const inside = { task: 'a', payload: { a: null } };
    expect(dropNulls(SubmitJob, inside)).toBe(false);
    expect(inside.payload).toEqual({ a: null });
    const settings = { maxJobs: null };
    expect(dropNulls(QueueSettings, settings)).toBe(false);
    expect(settings).toEqual({ maxJobs: null });
  });

  it('takes any value', () => {
    for (const value of [null, undefined, 1, 'a', []]) expect(dropNulls(SubmitJob, value)).toBe(false);
  });

  it('looks at no member that the schema does not name: a client may send very many', () => {
    const value = Object.defineProperty({ a: null }, 'other', {
      enumerable: true,
      get: () => expect.unreachable('it was looked at'),
    });
    expect(dropNulls({ properties: { a: { type: 'string' } } }, value)).toBe(true);
    expect(Object.keys(value)).toEqual(['other']);
  });
});
