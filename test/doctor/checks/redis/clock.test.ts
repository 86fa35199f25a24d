import { expect, it } from 'vitest';
import { checkClock } from '../../../../src/doctor/checks/redis/clock.ts';

it.each([
  [200, 1, 'ok'],
  [-1_500, 1, 'warning'],
  [90_000, 1, 'warning'],
  // A slow answer says little of the clock.
  [1_500, 800, 'ok'],
])('a skew of %s ms, exact to %s ms, is %s', (skewMs, errorMs, level) => {
  expect(checkClock({ value: { skewMs, errorMs } })[0]?.level).toBe(level);
});

it('says which clock is behind', () => {
  const [finding] = checkClock({ value: { skewMs: -90_000, errorMs: 1 } });
  expect(finding?.what).toBe('The clock of Redis is 90.0 s behind that of this machine.');
});

it('notes that the clock cannot be read', () => {
  expect(checkClock({ refused: 'NOPERM' })[0]?.level).toBe('note');
});
