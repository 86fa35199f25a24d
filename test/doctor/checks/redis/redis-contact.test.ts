import { expect, it } from 'vitest';
import { checkContact } from '../../../../src/doctor/checks/redis/redis-contact.ts';

it.each([
  ['WRONGPASS invalid username-password pair or user is disabled.', /password in REDIS_URL/],
  ['NOAUTH Authentication required.', /redis:\/\/:PASSWORD@/],
  ['connect ECONNREFUSED 127.0.0.1:6379', /Start Redis/],
  ['getaddrinfo ENOTFOUND redis', /host name/],
  ["Socket timeout. Expecting data, but didn't receive any in 5000ms.", /firewall/],
  ['self-signed certificate', /NODE_EXTRA_CA_CERTS/],
  ['connect EACCES /run/redis.sock', /unixsocketperm/],
  ['ERR max number of clients reached', /CONFIG SET maxclients/],
  ['something else', /redis-cli -u/],
])('says what to do about: %s', (reason, todo) => {
  const [finding] = checkContact({ address: 'redis://redis:6379', fault: reason });
  expect(finding).toMatchObject({ id: 'redis-reachable', level: 'fault', todo: expect.stringMatching(todo) });
  expect(finding?.what).toContain(reason);
});
