import { expect, it } from 'vitest';
import { checkContact } from '../../../../src/doctor/checks/redis/redis-contact.ts';

it.each([
  ['NOAUTH Authentication required.', /redis:\/\/:PASSWORD@/],
  ['something else', /redis-cli -u/],
])('says what to do about: %s', (reason, todo) => {
  const [finding] = checkContact({ address: 'redis://redis:6379', fault: reason });
  expect(finding).toMatchObject({ id: 'redis-reachable', level: 'fault', todo: expect.stringMatching(todo) });
  expect(finding?.what).toContain(reason);
});
