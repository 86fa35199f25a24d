import { expect, it } from 'vitest';
import { contactAdvice, plainReason } from '../../../src/redis/server/contact.ts';

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
  ["No sentinel names the primary (a:1: ERR unknown command 'SENTINEL')", /no sentinel: let REDIS_URL/],
  [
    "No sentinel names the primary (a:1: NOPERM this user has no permissions to run the 'sentinel|get-master-addr-by-name' command)",
    /user of the sentinels/,
  ],
  ['No sentinel names the primary (a:1: read ECONNRESET)', /rediss\+sentinel:/],
  ['a:1, an address that sentinels tell: connect ETIMEDOUT', /REDIS_NAT_MAP/],
  [
    "a:1, an address that nodes tell: Hostname/IP does not match certificate's altnames",
    /tell names .*REDIS_NAT_MAP/,
  ],
  ["ERR unknown command 'CLUSTER', with args beginning with: 'SLOTS'", /no node of a Cluster/],
  ['Unknown RESP type 72 "H". Please report this.', /correct host and port/],
  ["Cluster isn't ready: some slots have no node that serves them", /--cluster check/],
  ['no node serves a slot', /--cluster check/],
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

it.each([
  [
    '80A:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/ssl3_record.c:350:\n',
    'TLS: wrong version number',
  ],
  [
    'No sentinel names the primary (a:1: 80A:error:0A:SSL routines:f:bad certificate:x.c:1:\n; b:1: Unknown RESP type 72 "H". Please report this.)',
    'No sentinel names the primary (a:1: TLS: bad certificate; b:1: Unknown RESP type 72 "H".)',
  ],
  ['certificate has expired.', 'certificate has expired'],
])('tells in plain words: %s', (reason, plain) => {
  expect(plainReason(reason)).toBe(plain);
});
