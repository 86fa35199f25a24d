import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import { callRedis } from '../../../src/local/resp.ts';
import { parseInfo } from '../../../src/redis/server/info.ts';
import { replicasOf } from '../../../src/redis/server/kind.ts';
import { until } from './server.ts';

const PASSWORD = 'a-password-of-this-test';

export interface ReplicatedRedis {
  /** The value of REDIS_URL: that of the primary. */
  readonly url: string;
  /** A connection to the primary for the test itself. */
  readonly client: Redis;
  readonly primary: RedisServer;
  readonly replicas: readonly RedisServer[];
  /** Lets the replicas stand still. They stay connected. */
  stopReplicas(): void;
  /** Resolves once they follow again. */
  continueReplicas(): Promise<void>;
}

/** On a busy machine replicas are sometimes late: calls again until they are not. */
export const replicated = <T>(call: () => Promise<T>): Promise<T & {}> =>
  until(
    () =>
      call().catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'not-replicated') return undefined;
        throw error;
      }) as Promise<T & {}>,
    'a write that replicas have',
  );

/** Starts a primary with replicas for the tests of one file, and stops them after them. */
export function useReplicas(count: number): ReplicatedRedis {
  const replicas: RedisServer[] = [];
  let primary: RedisServer;
  let client: Redis;
  let dir: string;
  const start = async (name: string) =>
    startRedis({
      dir: join(dir, name),
      port: await freePort(),
      password: PASSWORD,
      persistent: false,
      settings: { 'repl-diskless-sync-delay': '0', 'enable-debug-command': 'yes', masterauth: PASSWORD },
    });
  const signal = (name: NodeJS.Signals) => replicas.forEach(({ pid }) => void process.kill(pid, name));

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mr-replicas-'));
    primary = await start('primary');
    const { port } = new URL(primary.url);
    const names = Array.from({ length: count }, (_, i) => `replica-${i}`);
    replicas.push(...(await Promise.all(names.map(start))));
    for (const { url } of replicas) await callRedis(url, ['REPLICAOF', '127.0.0.1', port]);
    client = new Redis(primary.url, { retryStrategy: () => 200 });
    await until(
      async () => replicasOf(parseInfo(await client.info('replication'))) === count,
      'the replicas',
    );
  });
  afterAll(async () => {
    signal('SIGCONT');
    client.disconnect();
    await Promise.all([...replicas, primary].map((server) => server.stop()));
    await rm(dir, { recursive: true, force: true });
  });

  return {
    get url() {
      return primary.url;
    },
    get client() {
      return client;
    },
    get primary() {
      return primary;
    },
    replicas,
    stopReplicas: () => signal('SIGSTOP'),
    async continueReplicas() {
      signal('SIGCONT');
      await client.set('replicas-follow', '1', 'PX', 1);
      await until(async () => (await client.wait(count, 1_000)) === count, 'replicas that follow');
    },
  };
}
