import { type Finding, fault } from '../../finding.ts';

interface Cause {
  readonly pattern: RegExp;
  readonly todo: string;
}

const CAUSES: readonly Cause[] = [
  {
    pattern: /WRONGPASS|invalid (username-password|password)/i,
    todo: 'Correct user and password in REDIS_URL: redis://USER:PASSWORD@HOST:PORT. Encode special characters, such as @ as %40.',
  },
  { pattern: /NOAUTH/, todo: 'Put the password into REDIS_URL: redis://:PASSWORD@HOST:PORT.' },
  {
    pattern: /ECONNREFUSED|ENOENT/,
    todo: 'Start Redis there, or set REDIS_URL to the Redis that runs. npm start brings its own.',
  },
  { pattern: /ENOTFOUND|EAI_AGAIN/, todo: 'Correct the host name in REDIS_URL, or the DNS of this machine.' },
  {
    pattern: /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|Socket timeout|no answer/i,
    todo: 'Check that a firewall lets this machine through, and that Redis is not stopped, swapping or busy: redis-cli PING on its machine.',
  },
  {
    pattern: /certificate|self.signed|ssl|tls|wrong version number/i,
    todo: 'Use rediss:// only for a Redis with TLS. Name the file of its CA in NODE_EXTRA_CA_CERTS.',
  },
  { pattern: /EACCES/, todo: 'Let this user open the socket of Redis (unixsocketperm), or use its port.' },
  { pattern: /max number of clients/i, todo: 'Raise it: redis-cli CONFIG SET maxclients 10000.' },
];

const OTHER = 'Run redis-cli -u "$REDIS_URL" PING to see what it says.';

/** Redis could not be reached: the only finding then. */
export function checkContact({ address, fault: reason }: { address: string; fault: string }): Finding[] {
  const known = CAUSES.find(({ pattern }) => pattern.test(reason));
  return [
    fault('redis-reachable', {
      what: `Redis at ${address} cannot be used: ${reason}.`,
      why: 'Without Redis the API answers 503, and no job runs.',
      todo: known?.todo ?? OTHER,
    }),
  ];
}
