import { expect, it } from 'vitest';
import { paintFor } from '../../../src/cli/output/paint.ts';

it('styles text where that is wanted', () => {
  expect(paintFor(true)('red', 'x')).toBe('\u001b[31mx\u001b[39m');
  expect(paintFor(true)(undefined, 'x')).toBe('x');
  expect(paintFor(false)('red', 'x')).toBe('x');
});
