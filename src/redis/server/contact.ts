interface Cause {
  readonly pattern: RegExp;
  readonly todo: string;
}

/** In this order: the first that fits. The texts are those of Redis, Node and OpenSSL. */
const CAUSES: readonly Cause[] = [
  {
    pattern: /sentinel.*(NOAUTH|WRONGPASS)/i,
    todo: 'Set SENTINEL_PASSWORD to the requirepass of the sentinels. The password in REDIS_URL is that of Redis itself.',
  },
  {
    pattern: /it knows no primary with the name/,
    todo: 'Correct the name at the end of REDIS_URL: it is the one in "sentinel monitor" of the sentinels.',
  },
  {
    pattern: /No sentinel names.*(ECONN|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|timed out|EHOSTUNREACH|ENETUNREACH)/,
    todo: 'Start the sentinels, or correct their addresses in REDIS_URL: redis+sentinel://HOST:PORT,HOST:PORT/PRIMARY-NAME.',
  },
  {
    pattern: /WRONGPASS|invalid (username-password|password)/i,
    todo: 'Correct user and password in REDIS_URL: redis://USER:PASSWORD@HOST:PORT. Encode special characters, such as @ as %40.',
  },
  { pattern: /NOAUTH/, todo: 'Put the password into REDIS_URL: redis://:PASSWORD@HOST:PORT.' },
  {
    pattern: /cluster support disabled/i,
    todo: 'This Redis is no node of a Cluster: let REDIS_URL begin with redis://, or name nodes of the Cluster.',
  },
  {
    pattern: /knows no slots/,
    todo: 'Name nodes in REDIS_URL that belong to the Cluster. If there is none yet, make one: redis-cli --cluster create.',
  },
  {
    pattern: /(invalid DB|DB) index|SELECT is not allowed/i,
    todo: 'Correct the number at the end of REDIS_URL, redis://HOST:PORT/0: Redis has as many databases as its setting "databases" says, and a Cluster has only 0.',
  },
  {
    pattern: /NOPERM.*'select'/i,
    todo: 'Give the user of REDIS_URL the right +select, or leave out the database in REDIS_URL.',
  },
  {
    pattern: /NOPERM/,
    todo: 'Give the user of REDIS_URL the rights of the ACL line in docs/how-to/scale.md.',
  },
  {
    pattern: /ECONNREFUSED|ENOENT/,
    todo: 'Start Redis there, or set REDIS_URL to the Redis that runs. npm start brings its own.',
  },
  { pattern: /ENOTFOUND|EAI_AGAIN/, todo: 'Correct the host name in REDIS_URL, or the DNS of this machine.' },
  {
    pattern: /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|Socket timeout|no answer/i,
    todo: 'Check that a firewall lets this machine through, and that Redis is not stopped, swapping or busy: redis-cli PING on its machine. With rediss://, Redis must expect TLS at this port.',
  },
  {
    pattern: /certificate required|handshake failure|bad certificate|unknown ca/i,
    todo: 'Redis asks for a certificate of the client, or does not accept this one: name one in REDIS_CERT_FILE, and its key in REDIS_KEY_FILE.',
  },
  {
    pattern: /does not match certificate|altnames/i,
    todo: 'The certificate of Redis is for other names: let REDIS_URL name one of them, or add this one to the certificate.',
  },
  {
    pattern: /certificate has expired|not yet valid/i,
    todo: 'Renew the certificate of Redis, or correct the clock of this machine.',
  },
  {
    pattern: /self.signed|local issuer|verify the first certificate|certificate/i,
    todo: 'Name the file with the CA that signed the certificate of Redis in REDIS_CA_FILE.',
  },
  {
    pattern: /wrong version number|packet length too long|\bssl\b/i,
    todo: 'Redis does not speak TLS at this port: let REDIS_URL begin with redis://, or use its tls-port.',
  },
  {
    pattern: /ECONNRESET|EPIPE|before secure TLS connection/i,
    todo: 'Redis, or something before it, closes the connection. Let REDIS_URL begin with rediss:// if Redis expects TLS at this port, and with redis:// if not.',
  },
  {
    pattern: /Protocol error/i,
    todo: 'What answers there does not speak the protocol of Redis. If it expects TLS, let REDIS_URL begin with rediss://.',
  },
  { pattern: /EACCES/, todo: 'Let this user open the socket of Redis (unixsocketperm), or use its port.' },
  { pattern: /max number of clients/i, todo: 'Raise it: redis-cli CONFIG SET maxclients 10000.' },
];

/** What to do when Redis cannot be used for this reason, naming the setting to change; undefined for an unknown reason. */
export const contactAdvice = (reason: string): string | undefined =>
  CAUSES.find(({ pattern }) => pattern.test(reason))?.todo;
