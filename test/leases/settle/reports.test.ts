import { describe, expect, it } from 'vitest';
import { completed, failed, outcomeOf, released, reportsOf } from '../../../src/leases/settle/reports.ts';
import { MAX_LEASED } from '../../../src/schemas/lease.ts';

const error = { message: 'no disk', name: 'DiskError' };

describe('the reports of a request', () => {
  it('come in the order complete, fail, release', () => {
    const reports = reportsOf({
      release: [{ id: 'c' }],
      fail: [{ id: 'b', error }],
      complete: [{ id: 'a' }],
    });
    expect(reports.map(({ id, kind }) => [id, kind])).toEqual([
      ['a', 'completed'],
      ['b', 'failed'],
      ['c', 'released'],
    ]);
  });

  it.each([
    ['no job', {}, 'must have at least one job in complete, fail or release'],
    ['a job twice', { complete: [{ id: 'a' }], release: [{ id: 'a' }] }, 'must name each job once'],
    [
      'too many jobs',
      {
        complete: Array.from({ length: MAX_LEASED }, (_, i) => ({ id: `a${i}` })),
        release: [{ id: 'b' }],
      },
      `must have at most ${MAX_LEASED} jobs in all`,
    ],
  ])('are refused with %s', (_, body, detail) => {
    expect(() => reportsOf(body)).toThrow(
      expect.objectContaining({ code: 'invalid-request', errors: [{ pointer: '', detail }] }),
    );
  });
});

describe('the outcome of a report', () => {
  it('has the result as JSON text; null where there is none', () => {
    expect(outcomeOf(completed({ id: 'a', result: { b: 1 } }), 1, 0)).toEqual({
      kind: 'completed',
      result: '{"b":1}',
    });
    expect(outcomeOf(completed({ id: 'a' }), 1, 0)).toEqual({ kind: 'completed', result: 'null' });
  });

  it('has the error with attempt and time, and the wishes for a retry', () => {
    expect(outcomeOf(failed({ id: 'a', error }), 2, 7)).toEqual({
      kind: 'failed',
      error: { ...error, attempt: 2, at: 7 },
      retryable: true,
      retryInMs: undefined,
    });
    const report = failed({ id: 'a', error, retryable: false, retryInMs: 50 });
    expect(outcomeOf(report, 1, 7)).toMatchObject({ retryable: false, retryInMs: 50 });
  });

  it('has the delay of a release; none by default', () => {
    expect(outcomeOf(released({ id: 'a' }), 1, 0)).toEqual({ kind: 'released', delayMs: 0 });
    expect(outcomeOf(released({ id: 'a', delayMs: 5 }), 1, 0)).toEqual({ kind: 'released', delayMs: 5 });
  });

  it('is refused for a result that is nested too deeply', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 2_000; i += 1) deep = [deep];
    expect(() => completed({ id: 'a', result: deep })).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        errors: [expect.objectContaining({ pointer: '/result' })],
      }),
    );
  });
});
