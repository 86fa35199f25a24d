import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type RedisOptions, type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { connectForWork, whenReady } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { scripts } from '../../../src/scripts.ts';

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
    await whenReady(client, 10_000);
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

/** Resolves when the look comes true; looks again every few milliseconds, for at most the time given. */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  what: string,
  limitMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`${what} did not come true within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
