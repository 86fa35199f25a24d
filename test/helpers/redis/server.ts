import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { type RedisOptions, type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { type Connection, connectForWork, whenReady } from '../../../src/redis/connect.ts';
import { scripts } from '../../../src/scripts.ts';
import { PATIENCE_MS } from '../patience.ts';

export interface TestRedis {
  /** For REDIS_URL. */
  readonly url: string;
  /** A connection to look at what is stored. */
  readonly client: Connection;
  readonly server: RedisServer;
  /** Replaces the server after `server.restart()`. */
  replace(server: RedisServer): void;
}

/** A Redis for the tests of one file, in a folder of its own, gone afterwards. */
export function useRedis(options: RedisOptions = {}): TestRedis {
  let server: RedisServer;
  let client: Connection;
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mr-test-'));
    server = await startRedis({ dir, persistent: false, ...options });
    client = connectForWork({ url: server.url, name: 'test', scripts });
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

/** Resolves once the connection takes commands. */
export async function untilConnected(connection: Connection): Promise<void> {
  if (!(await whenReady(connection, PATIENCE_MS))) throw new Error('the connection to Redis did not open');
}

const FIRST_PAUSE_MS = 5;
const MAX_PAUSE_MS = 25;

/**
 * Resolves when the look comes true; looks again every few milliseconds. A look that throws ends the wait at once: so
 * it says that what is awaited cannot come any more.
 *
 * @param what names what is awaited; a function is asked when the wait has failed
 * @param limitMs for measurements that take longer than any test
 */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  what: string | (() => string),
  limitMs = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.2, MAX_PAUSE_MS)) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) {
      const told = typeof what === 'string' ? what : what();
      throw new Error(`${told} did not come true within ${limitMs} ms`);
    }
    await sleep(pause);
  }
}
