import { expect, it } from 'vitest';
import { countText } from '../../src/cli/count-text.ts';

it('has the plural for each number but one', () => {
  expect([0, 1, 2].map((count) => countText(count, 'failed job'))).toEqual([
    '0 failed jobs',
    '1 failed job',
    '2 failed jobs',
  ]);
});
