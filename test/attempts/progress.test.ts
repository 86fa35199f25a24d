import { describe, expect, it } from 'vitest';
import { encodeProgress, encodeReportedProgress, MAX_PROGRESS } from '../../src/attempts/progress.ts';
import { AppError } from '../../src/errors.ts';

const longest = 'x'.repeat(MAX_PROGRESS - 2);

describe.each([
  ['of a handler', encodeProgress, TypeError],
  ['over HTTP', encodeReportedProgress, AppError],
] as const)('progress %s', (_, encode, errorType) => {
  it('is stored as JSON of at most 16,000 characters', () => {
    expect(encode({ done: 1 })).toBe('{"done":1}');
    expect(encode(longest)).toHaveLength(MAX_PROGRESS);
    expect(() => encode(`${longest}x`)).toThrow(errorType);
  });
});

it('progress of a handler may be undefined, and must be JSON', () => {
  expect(encodeProgress(undefined)).toBe('null');
  expect(() => encodeProgress(() => 1)).toThrow('progress must be JSON of at most 16000 characters');
});
