import { Redis, type RedisOptions } from 'ioredis';
import { systemClock } from '../clock.ts';
import { reachedAt } from './address/nat-map.ts';
import { insistOnDatabase, serverOptions } from './address/one-server.ts';
import { type Endpoint, parseRedisUrl } from './address/redis-url.ts';
import type { RedisTarget } from './address/target.ts';
import { accessOptions, connectCluster } from './cluster/connect-cluster.ts';
import { tellNodeFaults } from './cluster/node-faults.ts';
import { isCluster } from './cluster/slots.ts';
import type { Connection, ServerConnection } from './connection.ts';
import { messageOf } from './faults.ts';
import { ackWrites, type ReplicaAck } from './replicas/acked-writes.ts';
import { readBeforeTimeout } from './replies/read-before-timeout.ts';
import type { Script } from './script/define-script.ts';
import { askSentinel } from './sentinel/ask-sentinel.ts';
import { findPrimary } from './sentinel/find-primary.ts';
import { SteadyRedis } from './sentinel/steady-redis.ts';

export interface ConnectOptions extends RedisTarget {
  /** Shown in CLIENT LIST. */
  name: string;
  /** Every script that the connection may run. An automatic pipeline knows only scripts defined before its first command. */
  scripts: readonly Script[];
  /** Called for every connection fault. The client reconnects by itself. */
  onError?: (error: Error) => void;
  /** How long a read on a connection for blocking reads may block, ms; by default `BLOCK_MS`. */
  blockMs?: number;
}

/** A read of the API may block on the server for at most this many ms. */
export const BLOCK_MS = 2_000;
/** A read of a worker process. Idle processes are many, so each asks seldom. */
export const WORKER_BLOCK_MS = 5_000;

/** A slower reply on the connection for requests is a fault, which the API answers with 503. */
const REQUEST_DEADLINE_MS = 900;
const WORKER_DEADLINE_MS = 5_000;
/** How much longer than it may block a read may take. */
const BLOCKED_REPLY_MS = 2_000;

/**
 * For HTTP requests. Commands of one turn of the event loop share one write, and all fail within a second when the
 * server does not answer.
 */
export const connectForRequests = (options: ConnectOptions): Connection =>
  connect(options, {
    enableAutoPipelining: true,
    // The write batcher groups submits already: a pipeline would only delay them.
    autoPipeliningIgnoredCommands: [
      'xadd',
      ...options.scripts.filter(({ isBatched }) => isBatched).map(({ name }) => name),
    ],
    socketTimeout: REQUEST_DEADLINE_MS,
  });

/** For writes of HTTP requests that replicas must have: each resolves once they have it. */
export function connectForAckedWrites(options: ConnectOptions, ack: ReplicaAck): Connection {
  const redis = connect(options, { socketTimeout: REQUEST_DEADLINE_MS });
  if (isCluster(redis)) redis.on('+node', (node: Redis) => ackWrites(node, ack));
  else ackWrites(redis, ack);
  return redis;
}

/** For the scripts of workers, where waiting longer is better than writing twice. */
export const connectForWork = (options: ConnectOptions): Connection =>
  connect(options, { socketTimeout: WORKER_DEADLINE_MS });

/** For commands to one server. @param node of a Cluster. */
export const connectToServer = (options: ConnectOptions, node?: Endpoint): ServerConnection =>
  connectServer(options, { socketTimeout: WORKER_DEADLINE_MS }, node);

/**
 * For one blocking read at a time, which blocks for at most `blockMs`.
 *
 * @param node of a Cluster. Such a connection is not reconnected, since another node may serve the slot by then.
 */
export const connectForBlocking = (options: ConnectOptions, node?: Endpoint): ServerConnection =>
  connectServer(options, { socketTimeout: (options.blockMs ?? BLOCK_MS) + BLOCKED_REPLY_MS }, node);

/** Processes that lost Redis at one moment try again spread over this time, which doubles with each try. */
const FIRST_SPREAD_MS = 100;
/** Recovery of jobs relies on it that workers try to connect once a second. */
const MAX_SPREAD_MS = 1_000;

/**
 * The wait before a connection is tried again, ms: any time up to the spread, so that many processes do not come at once.
 *
 * @param attempt from 1. @param random from 0 to 1.
 */
export const reconnectInMs = (attempt: number, random: number): number =>
  Math.round(random * Math.min(FIRST_SPREAD_MS * 2 ** (attempt - 1), MAX_SPREAD_MS));

type Role = Pick<RedisOptions, 'enableAutoPipelining' | 'autoPipeliningIgnoredCommands' | 'socketTimeout'>;

function connect(options: ConnectOptions, role: Role): Connection {
  const place = parseRedisUrl(options.url);
  if (place?.topology !== 'cluster') return connectServer(options, role);
  const { socketTimeout } = role;
  const redis = connectCluster(place, options.natMap, optionsOf(options, { socketTimeout }));
  // It says only that all nodes have failed.
  redis.on('error', () => undefined);
  tellNodeFaults(redis, place.endpoints, (error) => options.onError?.(error));
  readBeforeTimeout(redis);
  return redis;
}

function connectServer(options: ConnectOptions, role: Role, node?: Endpoint): ServerConnection {
  const redis = open(options, { ...optionsOf(options, role), ...(node ? ENDING : LASTING) }, node);
  redis.on('error', (error: Error) => {
    error.message = messageOf(error);
    options.onError?.(redis instanceof SteadyRedis ? redis.placed(error) : error);
  });
  readBeforeTimeout(redis);
  return redis;
}

function open(
  { url, tls, sentinelUser, sentinelPassword, natMap }: ConnectOptions,
  options: OwnOptions,
  node: Endpoint | undefined,
): ServerConnection {
  const place = parseRedisUrl(url);
  if (place?.topology === 'cluster') {
    return new Redis({ ...options, ...(node ?? place.endpoints[0]), ...accessOptions(place, tls) });
  }
  if (place?.topology === 'sentinel') {
    const { endpoints, primaryName, user, password } = place;
    const access = { primaryName, user: sentinelUser, password: sentinelPassword, tls };
    const find = async () =>
      reachedAt(natMap, await findPrimary(endpoints, (sentinel) => askSentinel(sentinel, access)));
    const own = { ...(user !== '' && { username: user }), ...(password !== '' && { password }) };
    return new SteadyRedis({ ...options, ...own }, { find, tls, retryInMs });
  }
  if (place === undefined) throw new Error('REDIS_URL is not valid');
  const redis = new Redis({ ...options, ...serverOptions(place, tls) });
  insistOnDatabase(redis);
  return redis;
}

type OwnOptions = ReturnType<typeof optionsOf> & (typeof LASTING | typeof ENDING);

const retryInMs = (attempt: number): number => reconnectInMs(attempt, Math.random());

/** A connection that lasts has these, too. A Cluster opens the connections to its nodes, and replaces them. */
const LASTING = { retryStrategy: retryInMs, enableOfflineQueue: false };
/** For a connection that its owner replaces. */
const ENDING = { retryStrategy: () => null, enableOfflineQueue: false };

const optionsOf = ({ tls, name, scripts }: ConnectOptions, role: Role) => ({
  ...role,
  connectionName: name,
  // Redis 7.0 does not know CLIENT SETINFO, so its ACL cannot allow it. The name says whose connection it is.
  disableClientInfo: true,
  connectTimeout: 1_000,
  // Redis may have run a write whose reply was lost: report the fault, never send the write again.
  autoResendUnfulfilledCommands: false,
  // 0 rejects every command in flight when the connection breaks; otherwise such a command would hang.
  maxRetriesPerRequest: 0,
  // While Redis loads its data it estimates the time left: check again within a second all the same.
  maxLoadingRetryTime: 1_000,
  reconnectOnError: onReadonly(),
  scripts: Object.fromEntries(scripts.map(({ name: script, lua }) => [script, { lua }])),
  ...(tls && { tls }),
});

/** A connection is given up at most once in so many ms. */
const GIVE_UP_MS = 1_000;

/**
 * Whether to connect again after an error: the server has become a replica, and its address may lead to the new primary. ioredis
 * does not send the command again. All replies on their way say the same; each order to connect again would add a listener.
 */
function onReadonly(): (error: Error) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return (error) => {
    const now = systemClock.monotonic();
    if (!error.message.startsWith('READONLY') || now - last < GIVE_UP_MS) return false;
    last = now;
    return true;
  };
}

/** How long a starting service waits for Redis, ms. After that it starts and answers 503 until Redis is available. */
export const FIRST_CONNECT_MS = 1_000;

/** Resolves with true once commands can be sent, with false after `deadlineMs` or when the connection has ended. */
export function whenReady(redis: Connection, deadlineMs: number): Promise<boolean> {
  if (redis.status === 'ready') return Promise.resolve(true);
  return new Promise((resolve) => {
    const done = (ready: boolean) => {
      clearTimeout(timer);
      redis.off('ready', onReady);
      redis.off('end', onEnd);
      resolve(ready);
    };
    const onReady = () => done(true);
    const onEnd = () => done(false);
    const timer = setTimeout(onEnd, deadlineMs);
    redis.once('ready', onReady);
    redis.once('end', onEnd);
  });
}
