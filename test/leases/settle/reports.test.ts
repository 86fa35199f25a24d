import { describe, expect, it } from 'vitest';
import { OversizeReport } from '../../../src/leases/settle/oversize-report.ts';
import { outcomeOf, completed as readCompleted } from '../../../src/leases/settle/reports.ts';
import { MAX_DURATION_MS } from '../../../src/schemas/values/duration.ts';
import { completed, failed, released } from '../../helpers/leases/reports.ts';

const error = { message: 'no disk', name: 'DiskError' };

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
    const report = failed({ id: 'a', error, retryable: false, retryInMs: 50.4 });
    expect(outcomeOf(report, 1, 7)).toMatchObject({ retryable: false, retryInMs: 50 });
    expect(failed({ id: 'a', retryInMs: 1e99 })).toMatchObject({ retryInMs: MAX_DURATION_MS });
  });

  it('has the delay of a release; none by default', () => {
    expect(outcomeOf(released({ id: 'a' }), 1, 0)).toEqual({ kind: 'released', delayMs: 0 });
    expect(outcomeOf(released({ id: 'a', delayMs: -5 }), 1, 0)).toEqual({ kind: 'released', delayMs: 0 });
    expect(outcomeOf(released({ id: 'a', delayMs: 5 }), 1, 0)).toEqual({ kind: 'released', delayMs: 5 });
  });
});

describe('a result that cannot be stored', () => {
  const failure = (name: string) => ({ id: 'a', kind: 'failed', retryable: false, error: { name } });

  it('fails the job when it is too long', () => {
    expect(completed({ id: 'a', result: 'x'.repeat(998) })).toMatchObject({ kind: 'completed' });
    expect(completed({ id: 'a', result: 'x'.repeat(999) })).toMatchObject(failure('result-too-large'));
    expect(completed({ id: 'a', result: 'é'.repeat(600) })).toMatchObject(failure('result-too-large'));
  });

  it('fails the job when its report was too long to be read', () => {
    const report = new OversizeReport(9_000_000, 'lease', '{');
    expect(readCompleted('a', { ...report }, 10)).toMatchObject({ kind: 'completed' });
    expect(readCompleted('a', report as object as Record<string, unknown>, 10)).toMatchObject(
      failure('result-too-large'),
    );
  });

  it('fails the job when it is nested too deeply', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 2_000; i += 1) deep = [deep];
    expect(completed({ id: 'a', result: deep })).toMatchObject(failure('result-too-deep'));
  });
});
