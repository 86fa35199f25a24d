import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { type RedisOptions, type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import { connectForWork, whenReady } from '../../../src/redis/connect.ts';
import type { Connection, ServerConnection } from '../../../src/redis/connection.ts';
import { scripts } from '../../../src/scripts.ts';
import { PATIENCE_MS } from '../patience.ts';
import { overAllPrimaries } from './all-primaries.ts';
import { useCluster } from './cluster.ts';
import { PRIMARY_NAME, type Sentinel, startSentinel } from './sentinel.ts';

export interface TestRedis {
  /** The value of REDIS_URL. */
  readonly url: string;
  /** A connection for the test itself. */
  readonly client: ServerConnection;
  readonly server: RedisServer;
  /** Replaces the server after `server.restart()`. */
  replace(server: RedisServer): void;
}

/** With TEST_REDIS=cluster or sentinel the tests of a file have such a Redis: test/README.md. */
const topology = process.env['TEST_REDIS'];

/** For tests whose subject a Cluster does not have: a batch in one step over several queues, one connection for all. */
export const isOnCluster = topology === 'cluster';

/** Starts a Redis for the tests of one file, in its own folder. Stops it and deletes the folder after them. */
export function useRedis(options: RedisOptions = {}): TestRedis {
  if (isOnCluster) return useClusterAsRedis();
  return topology === 'sentinel' ? useNamedPrimary(options) : useServer(options);
}

function useClusterAsRedis(): TestRedis {
  const cluster = useCluster();
  let client: ServerConnection;
  beforeAll(async () => {
    const connection = connectForWork({ url: cluster.url, name: 'test', scripts });
    await untilConnected(connection);
    client = overAllPrimaries(connection, () => cluster.primaries.map((primary) => primary.client));
  });
  afterAll(() => client.disconnect());
  const missing = (): never => {
    throw new Error('a Cluster has no single server');
  };
  return {
    get url() {
      return cluster.url;
    },
    get client() {
      return client;
    },
    get server() {
      return missing();
    },
    replace: missing,
  };
}

/** A server that a sentinel calls the primary. */
function useNamedPrimary(options: RedisOptions): TestRedis {
  const password = options.password ?? 'a-password';
  const redis = useServer({ ...options, port: options.port ?? 0, password });
  let sentinel: Sentinel;
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mr-sentinel-'));
    sentinel = await startSentinel({ dir, primaryUrl: redis.url, password, quorum: 1 });
  });
  afterAll(async () => {
    await sentinel.child.stop(STOP_MS);
    await rm(dir, { recursive: true, force: true });
  });
  return {
    get url() {
      return `redis+sentinel://:${password}@127.0.0.1:${sentinel.port}/${PRIMARY_NAME}`;
    },
    get client() {
      return redis.client;
    },
    get server() {
      return redis.server;
    },
    replace: redis.replace,
  };
}

function useServer(options: RedisOptions): TestRedis {
  let server: RedisServer;
  let client: ServerConnection;
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mr-test-'));
    const port = options.port === 0 ? { port: await freePort() } : {};
    server = await startRedis({ dir, persistent: false, ...options, ...port });
    client = asServer(connectForWork({ url: server.url, name: 'test', scripts }));
    await untilConnected(client);
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  });

  return {
    get url() {
      return server.url;
    },
    get client() {
      return client;
    },
    get server() {
      return server;
    },
    replace(next) {
      server = next;
    },
  };
}

/** A connection of which the test knows that it is to one server. */
export function asServer(connection: Connection): ServerConnection {
  if (connection instanceof Redis || isOnCluster) return connection as ServerConnection;
  throw new Error('the connection is to a Cluster');
}

/** Resolves once the connection can send commands. */
export async function untilConnected(connection: Connection): Promise<void> {
  if (!(await whenReady(connection, PATIENCE_MS))) throw new Error('the connection to Redis did not open');
}

const STOP_MS = 5_000;
const FIRST_PAUSE_MS = 5;
const MAX_PAUSE_MS = 25;

/**
 * Resolves with the first value of the check that is neither undefined nor false. Checks every few milliseconds. A check
 * that throws ends the wait at once, for example when the condition can no longer come true.
 *
 * @param what the condition, for the error; a function is called only when the wait has failed
 * @param limitMs longer than the default only for measurements that take longer than any test
 */
export async function until<T>(
  check: () => Promise<T | undefined | false> | T | undefined | false,
  what: string | (() => string),
  limitMs = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.2, MAX_PAUSE_MS)) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) {
      const condition = typeof what === 'string' ? what : what();
      throw new Error(`${condition} did not come true within ${limitMs} ms`);
    }
    await sleep(pause);
  }
}
