interface Cause {
  readonly pattern: RegExp;
  readonly todo: string;
}

/** In this order: the first that fits. The texts are those of Redis, Node and OpenSSL. */
const CAUSES: readonly Cause[] = [
  {
    pattern: /sentinel.*(NOAUTH|WRONGPASS)/i,
    todo: 'Set SENTINEL_PASSWORD to the requirepass of the sentinels, or SENTINEL_USER and SENTINEL_PASSWORD to one of their users. The password in REDIS_URL is that of Redis itself.',
  },
  {
    pattern: /No sentinel names.*NOPERM/,
    todo: 'Give the user of the sentinels the right +sentinel|get-master-addr-by-name, and +sentinel|master.',
  },
  {
    pattern: /it knows no primary with the name/,
    todo: 'Correct the name at the end of REDIS_URL: it is the one in "sentinel monitor" of the sentinels.',
  },
  {
    pattern: /unknown command '?SENTINEL/i,
    todo: 'This Redis is no sentinel: let REDIS_URL name the sentinels, which have ports of their own, or begin with redis:// for one Redis.',
  },
  {
    pattern: /No sentinel names.*(ECONNRESET|EPIPE|secure TLS|wrong version number)/,
    todo: 'Let REDIS_URL begin with rediss+sentinel:// if the sentinels expect TLS at these ports, and with redis+sentinel:// if not.',
  },
  {
    pattern: /No sentinel names.*(ECONN|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|timed out|EHOSTUNREACH|ENETUNREACH)/,
    todo: 'Start the sentinels, or correct their addresses in REDIS_URL: redis+sentinel://HOST:PORT,HOST:PORT/PRIMARY-NAME.',
  },
  {
    pattern: /an address that \w+ tell: .*(does not match certificate|altnames)/i,
    todo: 'Let the sentinels or nodes tell names that the certificate of Redis has, add their addresses to it, or map each to such a name in REDIS_NAT_MAP: told=reached.',
  },
  {
    pattern:
      /an address that \w+ tell: .*(ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)/,
    todo: 'Start the server there. If it runs, and this process reaches it elsewhere, say so in REDIS_NAT_MAP: told=reached, such as 10.0.0.5:6379=redis.example.com:6379.',
  },
  {
    pattern: /WRONGPASS|invalid (username-password|password)/i,
    todo: 'Correct user and password in REDIS_URL: redis://USER:PASSWORD@HOST:PORT. Encode special characters, such as @ as %40.',
  },
  { pattern: /NOAUTH/, todo: 'Put the password into REDIS_URL: redis://:PASSWORD@HOST:PORT.' },
  {
    pattern: /cluster support disabled|unknown command '?CLUSTER/i,
    todo: 'This is no node of a Cluster: let REDIS_URL begin with redis:// for one Redis, with redis+sentinel:// for sentinels, or name nodes of the Cluster.',
  },
  {
    pattern: /slots have no node|no node serves a slot/,
    todo: 'Start the primaries that are away, or give each slot to a primary: redis-cli --cluster check HOST:PORT says which lack one.',
  },
  {
    pattern: /Protocol error|Unknown RESP type/i,
    todo: 'What answers there does not speak the protocol of Redis: correct host and port in REDIS_URL. If it expects TLS, let REDIS_URL begin with rediss://.',
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
    todo: 'Redis, or something before it, closes the connection. Let REDIS_URL begin with rediss:// if Redis expects TLS at this port, and with redis:// if not. With tls-auth-clients yes it needs REDIS_CERT_FILE.',
  },
  { pattern: /EACCES/, todo: 'Let this user open the socket of Redis (unixsocketperm), or use its port.' },
  { pattern: /max number of clients/i, todo: 'Raise it: redis-cli CONFIG SET maxclients 10000.' },
];

/** What to do when Redis cannot be used for this reason, naming the setting to change; undefined for an unknown reason. */
export const contactAdvice = (reason: string): string | undefined =>
  CAUSES.find(({ pattern }) => pattern.test(reason))?.todo;

/** `807CA1:error:0A00045C:SSL routines:function:reason:file:line:rest`. */
const OPENSSL = /\b[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):[^;)]*/g;

/** The reason for people: without places in the source of OpenSSL, and with no stop at its end. */
export const plainReason = (reason: string): string =>
  reason
    .replace(OPENSSL, 'TLS: $1')
    .replace(/ Please report this\./, '')
    .replace(/[\s.:]+$/, '');
