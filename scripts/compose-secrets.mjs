// Makes the passwords and the first key of docker-compose.yml at its first start, and keeps them. Each folder is a volume
// that only those services mount that need it. The ACL file is written at each start: a release may use other commands.
// With `sentinel` or `cluster` as second argument: those of docker-compose.sentinel.yml or docker-compose.cluster.yml, with the
// settings of Redis and sentinels.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../dist/src/config.js';
import { aclRules } from '../dist/src/redis/acl/acl-rules.js';

const [root = '/run/millrace', kind] = process.argv.slice(2);
const OWNER_ONLY = 0o400;
/** Redis runs as another user. */
const ALL_OF_CONTAINER = 0o444;

/** A file is there as a whole or not at all, whenever this process is killed. */
function write(file, text, mode) {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, `${text}\n`, { mode });
  renameSync(unfinished, file);
}

function keep(file, make, mode) {
  if (!existsSync(file)) write(file, make(), mode);
  return readFileSync(file, 'utf8').trim();
}

const secret = () => randomBytes(32).toString('base64url');
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const inRedis = (name) => keep(join(root, 'redis', name), secret, ALL_OF_CONTAINER);

/** What the service needs of a Cluster, too: docs/how-to/scale.md. */
const IN_CLUSTER = ' +cluster|info +cluster|slots +asking';

const ADDRESSES = {
  sentinel: (user) => `redis+sentinel://${user}@sentinel-1:26379,sentinel-2:26379,sentinel-3:26379/main`,
  cluster: (user) => `redis+cluster://${user}@redis-1:6379,redis-2:6379,redis-3:6379`,
};
const address = (password) => {
  const user = `millrace:${password}`;
  return ADDRESSES[kind]?.(user) ?? `redis://${user}@redis:6379`;
};

keep(join(root, 'api', 'admin-key'), secret, OWNER_ONLY);
const url = keep(join(root, 'client', 'redis-url'), () => address(secret()), OWNER_ONLY);
const [, password = ''] = /^[^@]*:([^:@]*)@/.exec(url) ?? [];
const users = [
  // Nobody can be `default`, but Redis loads its append-only file as this user, and leaves out what the user may not do.
  'user default reset off ~* &* +@all',
  `user millrace on #${sha256(password)} ${aclRules(loadConfig().prefix, kind !== undefined)}${kind === 'cluster' ? IN_CLUSTER : ''}`,
  `user operator on #${sha256(inRedis('operator-password'))} ~* &* +@all`,
];

if (kind === 'sentinel') writeForSentinels();
if (kind === 'cluster') writeForCluster();
write(join(root, 'redis', 'users.acl'), users.join('\n'), ALL_OF_CONTAINER);

/** Rights of replicas and sentinels: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/ */
function writeRedisConf(...more) {
  const replica = inRedis('replica-password');
  users.push(`user replica on #${sha256(replica)} -@all +psync +replconf +ping`);
  const settings = [
    'aclfile /run/millrace/redis/users.acl',
    'masteruser replica',
    `masterauth ${replica}`,
    // Every accepted job is on disk before its 202.
    'appendonly yes',
    'appendfsync always',
    'save ""',
    'maxmemory-policy noeviction',
    'stream-node-max-entries 4',
    'stream-node-max-bytes 1024',
    ...more,
  ];
  write(join(root, 'redis', 'redis.conf'), settings.join('\n'), ALL_OF_CONTAINER);
}

function writeForSentinels() {
  // A primary without a replica takes no jobs: docs/how-to/scale.md.
  writeRedisConf('min-replicas-to-write 1');
  const sentinel = inRedis('sentinel-user-password');
  const ofSentinels = keep(join(root, 'client', 'sentinel-password'), secret, OWNER_ONLY);
  users.push(
    `user sentinel on #${sha256(sentinel)} allchannels -@all +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill`,
  );
  const sentinels = [
    'port 26379',
    `requirepass ${ofSentinels}`,
    `sentinel sentinel-pass ${ofSentinels}`,
    // A container that starts again may have another address.
    'sentinel resolve-hostnames yes',
    'sentinel announce-hostnames yes',
    'sentinel monitor main redis-1 6379 2',
    'sentinel auth-user main sentinel',
    `sentinel auth-pass main ${sentinel}`,
    'sentinel down-after-milliseconds main 5000',
    'sentinel failover-timeout main 60000',
  ];
  write(join(root, 'redis', 'sentinel.conf'), sentinels.join('\n'), ALL_OF_CONTAINER);
  write(join(root, 'redis', 'sentinel-password'), ofSentinels, ALL_OF_CONTAINER);
}

/** Each primary has one replica, so a primary takes jobs without it. While one has failed over, the other queues go on. */
function writeForCluster() {
  writeRedisConf('cluster-enabled yes', 'cluster-node-timeout 5000', 'cluster-require-full-coverage no');
}
