import { expect, it } from 'vitest';
import { contactAdvice } from '../../../src/redis/server/contact.ts';

it.each([
  ['WRONGPASS invalid username-password pair or user is disabled.', /password in REDIS_URL/],
  ['NOAUTH Authentication required.', /redis:\/\/:PASSWORD@/],
  ["NOPERM this user has no permissions to run the 'info' command", /docs\/how-to\/scale\.md/],
  ['connect ECONNREFUSED 127.0.0.1:6379', /Start Redis/],
  ['getaddrinfo ENOTFOUND redis', /host name/],
  ["Socket timeout. Expecting data, but didn't receive any in 5000ms.", /firewall/],
  ['self-signed certificate in certificate chain', /REDIS_CA_FILE/],
  ['unable to verify the first certificate', /REDIS_CA_FILE/],
  ['ssl/tls alert certificate required:SSL alert number 116', /REDIS_CERT_FILE/],
  ["Hostname/IP does not match certificate's altnames: IP: 10.0.0.1 is not in the list", /other names/],
  ['certificate has expired', /Renew/],
  ['C0:error:0A00010B:SSL routines:ssl3_get_record:wrong version number', /redis:\/\//],
  ['No sentinel names the primary (a:26379: connect ECONNREFUSED 127.0.0.1:1)', /Start the sentinels/],
  ['No sentinel names the primary (a:26379: NOAUTH Authentication required.)', /SENTINEL_PASSWORD/],
  [
    'No sentinel names the primary (a:1: it knows no primary with the name main)',
    /name at the end of REDIS_URL/,
  ],
  ["Cluster isn't ready: this node knows no slots.", /redis-cli --cluster create/],
  ['read ECONNRESET', /rediss:\/\/ if Redis expects TLS/],
  ['Protocol error, got "\\u0015" as reply type byte', /rediss:\/\//],
  ['connect EACCES /run/redis.sock', /unixsocketperm/],
  ['ERR max number of clients reached', /CONFIG SET maxclients/],
])('names what to change for: %s', (reason, advice) => {
  expect(contactAdvice(reason)).toMatch(advice);
});

it('has no advice for an unknown reason', () => {
  expect(contactAdvice('something else')).toBeUndefined();
});
