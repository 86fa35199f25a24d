import { describe, expect, it } from 'vitest';
import { compileSchema } from '../../../src/schemas/validation/compile.ts';
import { duration, durationMs, MAX_DURATION_MS } from '../../../src/schemas/values/duration.ts';

describe('duration', () => {
  const schema = compileSchema(duration('A wait.', { min: 1 }));
  const isValid = (value: unknown) => schema.ok && schema.check(value).length === 0;

  it.each([1, MAX_DURATION_MS, '0ms', '30s', '5m', '2h', '1d'])('accepts %j', (value) => {
    expect(isValid(value)).toBe(true);
  });

  it.each([0, -1, 1.5, MAX_DURATION_MS + 1, '30', 's', '-1s', '1.5h', '1 s', '1w', null, true])(
    'rejects %j',
    (value) => {
      expect(isValid(value)).toBe(false);
    },
  );
});

describe('durationMs', () => {
  it.each([
    [250, 250],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('reads %j as %i ms', (value, ms) => {
    expect(durationMs(value)).toBe(ms);
  });

  it('throws for text in another form', () => {
    expect(() => durationMs('soon')).toThrow(RangeError);
  });
});
