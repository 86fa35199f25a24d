import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckThreads } from '../../../src/tasks/checks/check-threads.ts';
import type { CheckRequest } from '../../../src/tasks/checks/thread-messages.ts';

let now: number;
let threads: CheckThreads;
beforeEach(() => {
  now = 0;
  threads = new CheckThreads({ monotonic: () => now });
});
afterEach(() => threads.close());

const request = (schema: object, value: unknown): CheckRequest => ({
  key: JSON.stringify(schema),
  schema: JSON.stringify(schema),
  value: JSON.stringify(value),
  base: '/payload',
});
const HANGS = request({ pattern: '^(a+)+$' }, `${'a'.repeat(45)}!`);
const QUICK = request({ type: 'number' }, 'text');
const LATE = { kind: 'slow', step: 'check' };

describe('checks in threads', () => {
  it('give the faults of the value, or why the schema is none', async () => {
    expect(await threads.check(QUICK)).toEqual({
      kind: 'checked',
      faults: [{ pointer: '/payload', detail: 'must be number' }],
    });
    expect(await threads.check(request({ type: 'number' }, 1))).toEqual({ kind: 'checked', faults: [] });
    expect(await threads.check(request({ type: 'nonsense' }, 1))).toEqual({
      kind: 'no-schema',
      reason: expect.stringMatching(/type/),
    });
  });

  it('end when one takes too long, and go on with the next', async () => {
    expect(await threads.check(HANGS)).toEqual(LATE);
    expect(await threads.check({ ...HANGS, value: '"aaa"' })).toEqual({ kind: 'checked', faults: [] });
  });

  it('of one schema leave a thread to the others', async () => {
    const ends: string[] = [];
    const hung = Array.from({ length: 20 }, () => threads.check(HANGS).then(() => ends.push('hung')));
    await threads.check(QUICK).then(() => ends.push('quick'));
    await Promise.all(hung);
    expect(ends.indexOf('quick')).toBeLessThanOrEqual(2);
  });

  it('are not tried for a while after three in a row were late', async () => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => threads.check(HANGS)));
    expect(outcomes).toEqual(Array(10).fill(LATE));
    // A thread would find it valid.
    const valid = { ...HANGS, value: '"aaa"' };
    expect(await threads.check(valid)).toEqual(LATE);
    now = 30_001;
    expect(await threads.check(valid)).toEqual({ kind: 'checked', faults: [] });
    expect(await threads.check(HANGS)).toEqual(LATE);
    expect(await threads.check(valid)).toEqual({ kind: 'checked', faults: [] });
  });

  it('end when one takes too much memory', async () => {
    const value = `[${Array(3_000_000).fill('{}').join(',')}]`;
    const outcome = await threads.check({ ...request({ allOf: [{ items: true }] }, 1), value });
    expect(['slow', 'checked']).toContain(outcome.kind);
    expect((await threads.check(QUICK)).kind).toBe('checked');
  });

  it('are bounded in number and length, and none waits for long', async () => {
    const first = threads.check(QUICK);
    const many = Array.from({ length: 1_100 }, () => threads.check(QUICK));
    const long = await threads.check({ ...request({}, 1), value: `"${'x'.repeat(33_554_432)}"` });
    expect(long).toEqual({ kind: 'busy' });
    now = 2_001;
    await first;
    const kinds = (await Promise.all(many)).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['busy']));
    expect((await threads.check(QUICK)).kind).toBe('checked');
  });

  it('that wait are answered when all end', async () => {
    const waiting = [HANGS, HANGS, QUICK, QUICK].map((one) => threads.check(one));
    await threads.close();
    const kinds = (await Promise.all(waiting)).map(({ kind }) => kind);
    expect(kinds.every((kind) => kind === 'busy' || kind === 'slow')).toBe(true);
    expect(await threads.check(QUICK)).toEqual({ kind: 'busy' });
  });
});
