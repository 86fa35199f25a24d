import { expect, it } from 'vitest';
import { logLineText } from '../../../src/cli/output/log-text.ts';
import { paintFor } from '../../../src/cli/output/paint.ts';

const LINE = {
  line: 1,
  at: '2030-01-01T00:00:00.000Z',
  attempt: 2,
  level: 'warn',
  message: 'no\u001b[2J disk',
};

it('shows time, attempt, level and an inert text', () => {
  expect(logLineText(LINE, paintFor(false))).toBe(
    '2030-01-01T00:00:00.000Z  attempt 2  warn   no\\u001b[2J disk',
  );
});
