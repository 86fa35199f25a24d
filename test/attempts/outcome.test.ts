import { describe, expect, it } from 'vitest';
import { encodeResult, reportedFailure, thrownFailure } from '../../src/attempts/outcome.ts';
import { MAX_DATA_DEPTH } from '../../src/schemas/json/depth.ts';
import { printJson } from '../../src/schemas/json/json-text.ts';
import { MAX_DURATION_MS } from '../../src/schemas/values/duration.ts';

describe('a thrown value', () => {
  it('that is an error keeps its name, message, stack and JSON data', () => {
    const thrown = Object.assign(new RangeError('too far'), { data: { km: 7 } });
    expect(thrownFailure(thrown, 2, 5)).toEqual({
      kind: 'failed',
      error: {
        message: 'too far',
        name: 'RangeError',
        stack: thrown.stack,
        data: { km: 7 },
        attempt: 2,
        at: 5,
      },
      retryable: true,
      retryInMs: undefined,
    });
  });

  it.each([
    ['a text', 'no', 'no'],
    ['an object', { code: 7 }, '{"code":7}'],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
  ])('that is %s is described', (_, thrown, message) => {
    expect(thrownFailure(thrown, 1, 0)).toMatchObject({ kind: 'failed', error: { message } });
  });

  it('that cannot be read still fails the attempt', () => {
    const thrown = {
      get retryable() {
        throw new Error('gotcha');
      },
    };
    expect(thrownFailure(thrown, 1, 0)).toMatchObject({
      retryable: true,
      error: { name: 'unreadable-error' },
    });
  });

  it('can rule out a retry, or set its delay within bounds', () => {
    expect(thrownFailure({ retryable: false }, 1, 0)).toMatchObject({ retryable: false });
    expect(thrownFailure({ retryInMs: 1.4 }, 1, 0)).toMatchObject({ retryInMs: 1 });
    expect(thrownFailure({ retryInMs: Number.MAX_VALUE }, 1, 0)).toMatchObject({
      retryInMs: MAX_DURATION_MS,
    });
    expect(thrownFailure({ retryInMs: -1 }, 1, 0)).toMatchObject({ retryInMs: 0 });
  });

  it('is clipped, and loses data that is too long', () => {
    const thrown = Object.assign(new Error('m'.repeat(5_000)), { data: 'd'.repeat(17_000) });
    const { error } = thrownFailure(thrown, 1, 0) as { error: { message: string; data?: unknown } };
    expect([error.message.length, error.data]).toEqual([4_001, undefined]);
  });
});

it('a reported failure is clipped in the same way', () => {
  const wishes = { retryable: true, retryInMs: undefined };
  const { error } = reportedFailure({ message: 'm'.repeat(5_000), name: 'n'.repeat(300) }, wishes, 1, 0);
  expect([error.message.length, error.name?.length]).toEqual([4_001, 201]);
});

it('a result is JSON; undefined becomes null', () => {
  expect([encodeResult({ a: 1 }), encodeResult(undefined)]).toEqual(['{"a":1}', 'null']);
});

describe('what a task or worker reports', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
  const text = (levels: number) => JSON.stringify(nested(levels));
  const dataOf = (error: object) => JSON.parse(printJson({ ...error, at: 0 })).data;
  const thrown = (data: unknown) =>
    dataOf(thrownFailure(Object.assign(new Error('no'), { data }), 1, 0).error);
  const reported = (data: unknown) =>
    dataOf(reportedFailure({ message: 'no', data }, { retryable: true, retryInMs: undefined }, 1, 0).error);

  it('has U+FFFD for lone surrogates', () => {
    expect(encodeResult(['\ud83d', '😀', '\\ud83d'])).toBe('["\\ufffd","😀","\\\\ud83d"]');
    expect([thrown('\ude00'), reported('\ude00')]).toEqual(['\ufffd', '\ufffd']);
    const { error } = thrownFailure(new Error('half \ud83d'), 1, 0);
    expect(error.message).toBe('half \ufffd');
  });

  it('has data that is nested too deeply as its text', () => {
    for (const store of [thrown, reported]) {
      expect(store(nested(MAX_DATA_DEPTH))).toEqual(nested(MAX_DATA_DEPTH));
      expect(store(nested(MAX_DATA_DEPTH + 1))).toBe(text(MAX_DATA_DEPTH + 1));
    }
  });
});
