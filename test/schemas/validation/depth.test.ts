import { describe, expect, it } from 'vitest';
import { isTooDeep, MAX_DEPTH } from '../../../src/schemas/validation/depth.ts';

const nested = (levels: number): string => `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;
const isTextTooDeep = (text: string) => isTooDeep(JSON.parse(text), text.length);

describe('isTooDeep', () => {
  it('accepts values up to the limit', () => {
    expect(isTextTooDeep(nested(MAX_DEPTH))).toBe(false);
    expect(isTextTooDeep(JSON.stringify('[['.repeat(5_000)))).toBe(false);
  });

  it('rejects values beyond the limit, without recursion', () => {
    expect(isTextTooDeep(nested(MAX_DEPTH + 2))).toBe(true);
    expect(isTextTooDeep(`[${nested(100_000)}]`)).toBe(true);
  });
});
