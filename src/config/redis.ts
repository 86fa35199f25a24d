import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseNatMap } from '../redis/address/nat-map.ts';
import { parseRedisUrl, type RedisUrl, type Topology } from '../redis/address/redis-url.ts';
import type { RedisTarget, RedisTls } from '../redis/address/target.ts';
import { MOST_ACK_MS, type ReplicaAck } from '../redis/replicas/acked-writes.ts';
import { type Check, integer, type SettingsOf, text } from './setting-kinds.ts';
import { pairFault } from './tls.ts';

/** How to reach Redis; '' for what is not set. */
export interface RedisSettings {
  readonly redisUrl: string;
  readonly redisCaFile: string;
  readonly redisCertFile: string;
  readonly redisKeyFile: string;
  readonly sentinelUser: string;
  readonly sentinelPassword: string;
  readonly redisNatMap: string;
  readonly replicasAck: number;
  readonly replicasAckMs: number;
}

const isAnything = () => true;

export const REDIS_SETTINGS: SettingsOf<RedisSettings> = {
  redisUrl: text({
    variable: 'REDIS_URL',
    usedBy: 'both',
    meaning:
      'The Redis that holds all jobs; docs/how-to/scale.md says which to choose. TLS: `rediss://`. A database: its number behind the port, as `/1`. Unix socket: `unix:///path`, with a user `unix://user:password@/path`. Sentinels: `redis+sentinel://user:password@host:port,host:port/primary-name`, with TLS `rediss+sentinel://`. Cluster: `redis+cluster://`. Encode special characters of user and password: `@` as `%40`, `/` as `%2F`, `%` as `%25`.',
    fallback: 'redis://127.0.0.1:6379',
    expected:
      'redis://USER:PASSWORD@HOST:PORT/DATABASE (with TLS rediss://), unix:///PATH, redis+sentinel://HOST:PORT,HOST:PORT/PRIMARY-NAME or redis+cluster://HOST:PORT, with special characters of the password encoded (% as %25)',
    example: 'redis://user:secret@redis.example.com:6379/0',
    isSecret: true,
    accepts: (value) => parseRedisUrl(value) !== undefined,
  }),
  redisCaFile: text({
    variable: 'REDIS_CA_FILE',
    usedBy: 'both',
    meaning:
      'With `rediss://`: a PEM file with the certificates of the authorities that sign the certificate of Redis. Unset: those that Node trusts. Read at start.',
    fallback: '',
    expected: 'a file',
    example: '/etc/millrace/redis-ca.crt',
    accepts: isAnything,
  }),
  redisCertFile: text({
    variable: 'REDIS_CERT_FILE',
    usedBy: 'both',
    meaning:
      'The certificate with which this process shows Redis who it is, for a Redis with `tls-auth-clients yes`. Read at start.',
    fallback: '',
    expected: 'a file',
    example: '/etc/millrace/redis-client.crt',
    accepts: isAnything,
  }),
  redisKeyFile: text({
    variable: 'REDIS_KEY_FILE',
    usedBy: 'both',
    meaning: 'The PEM file with the private key of `REDIS_CERT_FILE`, without a passphrase.',
    fallback: '',
    expected: 'a file',
    example: '/etc/millrace/redis-client.key',
    accepts: isAnything,
  }),
  sentinelUser: text({
    variable: 'SENTINEL_USER',
    usedBy: 'both',
    meaning: 'The user of the sentinels, if they have users of their own (ACL). Unset: their default user.',
    fallback: '',
    expected: 'a text',
    example: 'millrace',
    accepts: isAnything,
  }),
  sentinelPassword: text({
    variable: 'SENTINEL_PASSWORD',
    usedBy: 'both',
    meaning: 'The password of the sentinels, if they ask for one. That of Redis itself is in `REDIS_URL`.',
    fallback: '',
    expected: 'a text',
    example: 'secret-of-the-sentinels',
    isSecret: true,
    accepts: isAnything,
  }),
  redisNatMap: text({
    variable: 'REDIS_NAT_MAP',
    usedBy: 'both',
    meaning:
      'Where this process reaches servers of Redis, if that differs from the addresses that sentinels or nodes tell: `told=reached`, with commas between them.',
    fallback: '',
    expected: 'pairs of HOST:PORT=HOST:PORT with commas between them',
    example: '10.0.0.5:6379=redis-1.example.com:16379',
    accepts: (value) => parseNatMap(value) !== undefined,
  }),
  replicasAck: integer({
    variable: 'REPLICAS_ACK',
    usedBy: 'api',
    meaning:
      'How many replicas of Redis must have a job before its 202. If they do not have it in time, the answer is 503 `not-replicated`. Have at least one replica more: docs/how-to/scale.md.',
    fallback: 0,
    min: 0,
    max: 100,
    example: 1,
  }),
  replicasAckMs: integer({
    variable: 'REPLICAS_ACK_MS',
    usedBy: 'api',
    meaning: 'How long the replicas of `REPLICAS_ACK` may take.',
    fallback: 300,
    min: 1,
    max: MOST_ACK_MS,
    example: 300,
  }),
};

/** What is wrong with the settings of Redis together, each with what to do. */
export function redisSettingFaults(settings: RedisSettings): string[] {
  const url = parseRedisUrl(settings.redisUrl);
  if (url === undefined) return [];
  return [...unknownOptions(url), ...idleSettings(settings, url), ...fileFaults(settings)];
}

/** What stands behind the `?` of the URL: other clients read TLS, databases and passwords there. */
function unknownOptions(place: RedisUrl): string[] {
  if (place.topology !== 'single') return [];
  const { protocol, searchParams } = place.url;
  const isKnown = (name: string, value: string) =>
    name === 'family' && /^[046]$/.test(value) && protocol !== 'unix:';
  const unknown = [...searchParams].filter(([name, value]) => !isKnown(name, value)).map(([name]) => name);
  if (unknown.length === 0) return [];
  return [
    `REDIS_URL has options that are not taken: ${[...new Set(unknown)].join(', ')}. Behind the "?" only family=4, family=6 or family=0 may stand. For TLS let REDIS_URL begin with rediss://; the database is the number behind the port: redis://HOST:PORT/1`,
  ];
}

/** Settings that have no effect with this REDIS_URL, which is probably not the intended one. */
function idleSettings(settings: RedisSettings, { topology, isTls }: RedisUrl): string[] {
  const { redisCaFile, redisCertFile, redisKeyFile, sentinelUser, sentinelPassword, redisNatMap } = settings;
  const unless = (holds: boolean, value: string, variable: string, todo: string) =>
    value === '' || holds ? [] : [`${variable} has no effect with this REDIS_URL: ${todo}`];
  const begins = 'let REDIS_URL begin with rediss';
  const named = 'name the sentinels in it, redis+sentinel://HOST:PORT/PRIMARY-NAME, or unset the variable';
  return [
    ...unless(isTls, redisCaFile, 'REDIS_CA_FILE', begins),
    ...unless(isTls, redisCertFile, 'REDIS_CERT_FILE', begins),
    ...unless(isTls, redisKeyFile, 'REDIS_KEY_FILE', begins),
    ...unless(topology === 'sentinel', sentinelUser, 'SENTINEL_USER', named),
    ...unless(sentinelPassword !== '', sentinelUser, 'SENTINEL_USER', 'set SENTINEL_PASSWORD, too'),
    ...unless(topology === 'sentinel', sentinelPassword, 'SENTINEL_PASSWORD', named),
    ...unless(topology !== 'single', redisNatMap, 'REDIS_NAT_MAP', named),
  ];
}

function fileFaults({ redisCaFile, redisCertFile, redisKeyFile }: RedisSettings): string[] {
  const faults: string[] = [];
  const look = (variable: string, file: string): string => {
    try {
      return file === '' ? '' : readFileSync(file, 'utf8');
    } catch (error) {
      faults.push(`${variable} names a file that cannot be read: ${messageOf(error)}`);
      return '';
    }
  };
  const ca = look('REDIS_CA_FILE', redisCaFile);
  const pair = { cert: look('REDIS_CERT_FILE', redisCertFile), key: look('REDIS_KEY_FILE', redisKeyFile) };
  if (faults.length > 0) return faults;
  if (redisCaFile !== '' && !isCertificate(ca)) faults.push('REDIS_CA_FILE holds no certificate in PEM');
  if ((redisCertFile === '') !== (redisKeyFile === '')) {
    faults.push('REDIS_CERT_FILE and REDIS_KEY_FILE go together: set both, or none');
  } else if (redisCertFile !== '') {
    const fault = pairFault(pair);
    if (fault !== undefined) faults.push(`REDIS_CERT_FILE and REDIS_KEY_FILE cannot be used: ${fault}`);
  }
  return faults;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

/** The settings of Redis must be usable together. */
export const mustReachRedis: Check<RedisSettings> = {
  usedBy: 'both',
  judges: ['redisUrl'],
  faultOf: (config) => redisSettingFaults(config).join('; ') || undefined,
};

/** How to reach Redis, once the settings have been checked. Reads the files. */
export function redisTarget(settings: RedisSettings): RedisTarget {
  const { redisUrl, sentinelUser, sentinelPassword, redisNatMap } = settings;
  const natMap = redisNatMap === '' ? undefined : parseNatMap(redisNatMap);
  return {
    url: redisUrl,
    ...(parseRedisUrl(redisUrl)?.isTls && { tls: readTls(settings) }),
    ...(sentinelUser !== '' && { sentinelUser }),
    ...(sentinelPassword !== '' && { sentinelPassword }),
    ...(natMap && { natMap }),
  };
}

const readTls = ({ redisCaFile, redisCertFile, redisKeyFile }: RedisSettings): RedisTls => ({
  ...(redisCaFile !== '' && { ca: readFileSync(redisCaFile, 'utf8') }),
  ...(redisCertFile !== '' && { cert: readFileSync(redisCertFile, 'utf8') }),
  ...(redisKeyFile !== '' && { key: readFileSync(redisKeyFile, 'utf8') }),
});

/** What the service talks to. */
export const topologyOf = ({ redisUrl }: Pick<RedisSettings, 'redisUrl'>): Topology =>
  parseRedisUrl(redisUrl)?.topology ?? 'single';

/** What a submit waits for; undefined if for no replica. */
export const replicaAck = ({
  replicasAck,
  replicasAckMs,
}: Pick<RedisSettings, 'replicasAck' | 'replicasAckMs'>): ReplicaAck | undefined =>
  replicasAck === 0 ? undefined : { replicas: replicasAck, withinMs: replicasAckMs };
