import { expect, it } from 'vitest';
import { checkApiClock, checkClock } from '../../../../src/doctor/checks/redis/clock.ts';

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

it('says which of API and Redis is behind', () => {
  const [finding] = checkApiClock({ skewMs: 9_000, errorMs: 1 }, { skewMs: 0, errorMs: 501 });
  expect(finding?.what).toBe('The clock of the API is 9 s behind that of Redis.');
});

it('notes that the clock cannot be read', () => {
  expect(checkClock({ refused: 'NOPERM' })[0]?.level).toBe('note');
});

it.each([
  // The answer of the API says the time to half a second.
  [0, 1_400, []],
  [0, 2_600, ['warning']],
  [5_000, 5_000, []],
  [5_000, 0, ['warning']],
])('Redis %s ms and the API %s ms from this machine: %j', (redisMs, apiMs, levels) => {
  const found = checkApiClock({ skewMs: redisMs, errorMs: 1 }, { skewMs: apiMs, errorMs: 501 });
  expect(found.map(({ level }) => level)).toEqual(levels);
});
