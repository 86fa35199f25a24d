import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type Child, startChild } from '../../../src/local/child-process.ts';
import { type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import { callRedis } from '../../../src/local/resp.ts';
import { createOrphanReaper, type OrphanReaper } from '../../../src/orphan-reaper.ts';
import { until } from './server.ts';

export const SENTINEL_PASSWORD = 'another-password-of-this-test';
export const PRIMARY_NAME = 'main';
/** A primary is down for a sentinel after this long, ms. */
const DOWN_AFTER_MS = 1_000;
const STOP_MS = 5_000;

export interface SentinelBed {
  /** For REDIS_URL; the sentinels want SENTINEL_PASSWORD. */
  readonly url: string;
  /** All servers, in the order of their start: the first is the primary at first. */
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly Sentinel[];
  /** The server that the sentinels call the primary. */
  primary(): Promise<RedisServer>;
  /** Starts a server again that was killed. */
  restart(server: RedisServer): Promise<RedisServer>;
}

export interface Sentinel {
  readonly port: number;
  readonly child: Child;
}

export interface StartedSentinels extends SentinelBed {
  /** Stops all and deletes their folder. */
  stop(): Promise<void>;
}

interface BedOptions {
  readonly settings?: Readonly<Record<string, string>>;
}

/** One primary with two replicas and three sentinels, in a folder of their own. */
export async function startSentinels({ settings = {} }: BedOptions = {}): Promise<StartedSentinels> {
  const reaper = createOrphanReaper();
  const servers: RedisServer[] = [];
  const sentinels: Sentinel[] = [];
  const dir = await mkdtemp(join(tmpdir(), 'mr-sentinel-'));
  // Sentinels of another bed, whose dead server had a port of this one, can do nothing here.
  const password = randomBytes(12).toString('hex');
  const start = async (number: number) =>
    startRedis({
      dir: join(dir, `redis-${number}`),
      port: await freePort(),
      password,
      settings: {
        appendfsync: 'everysec',
        masterauth: password,
        'repl-diskless-sync-delay': '0',
        ...settings,
      },
      reaper,
    });
  const first = await start(0);
  servers.push(first);
  const replicaof = `127.0.0.1 ${new URL(first.url).port}`;
  servers.push(...(await Promise.all([1, 2].map((number) => start(number)))));
  for (const { url } of servers.slice(1)) await callRedis(url, ['REPLICAOF', ...replicaof.split(' ')]);
  const common = {
    dir,
    primaryUrl: first.url,
    password,
    quorum: 2,
    own: SENTINEL_PASSWORD,
    reaper,
  };
  for (let number = 0; number < 3; number += 1) sentinels.push(await startSentinel({ ...common, number }));
  let said: readonly unknown[] = [];
  await until(
    async () => {
      said = await Promise.all(sentinels.map((one) => askBed(one, 'MASTER', PRIMARY_NAME)));
      return said.every(isComplete);
    },
    () => `that the sentinels know each other and both replicas, not ${JSON.stringify(said)},`,
  );
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  return {
    url: `redis+sentinel://:${password}@${hosts}/${PRIMARY_NAME}`,
    servers,
    sentinels,
    async primary() {
      const port = await primaryPort(sentinels);
      const server = servers.find(({ url }) => new URL(url).port === port);
      if (server === undefined) throw new Error(`no server listens on ${port}`);
      return server;
    },
    async restart(server) {
      const again = await server.restart();
      servers[servers.indexOf(server)] = again;
      return again;
    },
    async stop() {
      await Promise.all(sentinels.map(({ child }) => child.stop(STOP_MS)));
      await Promise.all(servers.map((server) => server.stop()));
      reaper.end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Starts them for the tests of one file, and stops them after it. */
export function useSentinels(options: BedOptions = {}): SentinelBed {
  let bed: StartedSentinels;
  beforeAll(async () => {
    bed = await startSentinels(options);
  });
  afterAll(() => bed.stop());
  return {
    get url() {
      return bed.url;
    },
    get servers() {
      return bed.servers;
    },
    get sentinels() {
      return bed.sentinels;
    },
    primary: () => bed.primary(),
    restart: (server) => bed.restart(server),
  };
}

interface SentinelOptions {
  readonly dir: string;
  readonly primaryUrl: string;
  /** Of Redis. */
  readonly password: string;
  /** So many sentinels must find the primary down. */
  readonly quorum: number;
  /** The password of the sentinel itself. Default: none. */
  readonly own?: string;
  readonly number?: number;
  readonly reaper?: OrphanReaper;
}

/** Starts a sentinel, and waits until it answers. The caller stops it. */
export async function startSentinel(options: SentinelOptions): Promise<Sentinel> {
  const { own = '', reaper } = options;
  const guard = reaper ?? createOrphanReaper();
  for (;;) {
    const sentinel = await spawnSentinel(options, guard);
    const { port, child } = sentinel;
    const ping = () => callRedis(`redis://:${own}@127.0.0.1:${port}`, ['PING']).catch(() => undefined);
    const isUp = await until(async () => (child.running ? ping() : 'ended'), 'a sentinel that answers');
    if (isUp !== 'ended') {
      if (reaper === undefined) void child.exited.then(() => guard.end());
      return sentinel;
    }
    // Another process may have taken the port since it was found free.
    const lines = child.lastLines().join('\n');
    if (!/Address already in use/i.test(lines)) throw new Error(`${child.name} ended:\n${lines}`);
  }
}

async function spawnSentinel(
  { dir, primaryUrl, password, quorum, own, number = 0 }: SentinelOptions,
  reaper: OrphanReaper,
): Promise<Sentinel> {
  const port = await freePort();
  const file = join(dir, `sentinel-${number}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    'logfile ""',
    ...(own === undefined ? [] : [`requirepass ${own}`, `sentinel sentinel-pass ${own}`]),
    `sentinel monitor ${PRIMARY_NAME} 127.0.0.1 ${new URL(primaryUrl).port} ${quorum}`,
    `sentinel auth-pass ${PRIMARY_NAME} ${password}`,
    `sentinel down-after-milliseconds ${PRIMARY_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${PRIMARY_NAME} 10000`,
    `sentinel parallel-syncs ${PRIMARY_NAME} 2`,
    '',
  ];
  await writeFile(file, lines.join('\n'));
  const name = `Sentinel ${number}`;
  const child = await startChild({ name, command: 'redis-server', args: [file, '--sentinel'], reaper });
  return { port, child };
}

/** What a sentinel says, or undefined while it says nothing. */
export async function askBed({ port }: Sentinel, ...command: string[]): Promise<unknown> {
  const url = `redis://:${SENTINEL_PASSWORD}@127.0.0.1:${port}`;
  return callRedis(url, ['SENTINEL', ...command]).catch(() => undefined);
}

function isComplete(said: unknown): boolean {
  const members = Array.isArray(said) ? said.map(String) : [];
  const of = (name: string) => members[members.indexOf(name) + 1];
  return of('num-slaves') === '2' && of('num-other-sentinels') === '2' && of('flags') === 'master';
}

/** What most of the sentinels call the primary. */
async function primaryPort(sentinels: readonly Sentinel[]): Promise<string> {
  const replies = await Promise.all(
    sentinels.map((one) => askBed(one, 'GET-MASTER-ADDR-BY-NAME', PRIMARY_NAME)),
  );
  const ports = replies.map((reply) => (Array.isArray(reply) ? String(reply[1]) : ''));
  return ports.find((port) => port !== '' && ports.filter((other) => other === port).length >= 2) ?? '';
}
