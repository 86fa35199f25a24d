import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { endpointText } from '../../../src/redis/address/redis-url.ts';
import { until } from './server.ts';
import { serversWithClocks } from './shifted-clock.ts';

const SLOTS = 16_384;
/** Nodes talk to each other at their port and this. */
const BUS_OFFSET = 10_000;
const LOCALHOST = '127.0.0.1';
const PASSWORD = 'cluster';
const USER = 'millrace';

export interface ClusterNode {
  /** The one that runs now. */
  readonly server: RedisServer;
  /** A connection for the test itself. */
  readonly client: Redis;
  readonly port: number;
  /** Starts it again on its data, after it was killed. */
  restart(): Promise<void>;
}

export interface TestCluster {
  /** The value of REDIS_URL. */
  readonly url: string;
  /** Those that were primaries at the start. */
  readonly primaries: readonly ClusterNode[];
  readonly replicas: readonly ClusterNode[];
}

/** A Cluster in a folder of its own. */
export interface StartedCluster extends TestCluster {
  /** Adds a primary without slots. */
  addNode(): Promise<ClusterNode>;
  /** Stops it and deletes the folder. */
  stop(): Promise<void>;
}

interface ClusterOptions {
  readonly primaries?: number;
  /** Of each primary. */
  readonly replicas?: number;
  /** ACL rules of the user in the URL. Default: the user may do all. */
  readonly rules?: readonly string[];
  /** True: the nodes keep their data over a restart. */
  readonly persistent?: boolean;
  /** How far the clock of each primary is ahead of this machine's, ms. Default: not at all. */
  readonly clocksMs?: readonly number[];
  /** The loopback address at which the nodes meet, and of the URL. Default: 127.0.0.1. */
  readonly host?: string;
  /** Further settings of each node. */
  readonly settings?: Readonly<Record<string, string>>;
}

export async function startCluster({
  primaries = 3,
  replicas = 0,
  rules,
  persistent = false,
  clocksMs = [],
  host = LOCALHOST,
  settings = {},
}: ClusterOptions = {}): Promise<StartedCluster> {
  const dir = await mkdtemp(join(tmpdir(), 'mr-cluster-'));
  const count = primaries * (1 + replicas);
  const programs = await serversWithClocks(dir, clocksMs);
  const start = (i: number) => startNode(join(dir, String(i)), { persistent, settings }, programs[i]);
  const nodes = await Promise.all(Array.from({ length: count }, (_, i) => start(i)));
  await meet(nodes, host);
  await shareSlots(nodes.slice(0, primaries));
  await follow(nodes, primaries);
  for (const { client } of rules === undefined ? [] : nodes) {
    await client.acl('SETUSER', USER, 'on', `>${PASSWORD}`, ...(rules ?? []));
  }
  const hosts = nodes.slice(0, primaries).map(({ port }) => endpointText({ host, port }));
  return {
    url: `redis+cluster://${rules === undefined ? '' : USER}:${PASSWORD}@${hosts.join(',')}`,
    primaries: nodes.slice(0, primaries),
    replicas: nodes.slice(primaries, count),
    async addNode() {
      const node = await start(nodes.length);
      nodes.push(node);
      await meet(nodes, host);
      // It takes no keys before it has heard of all slots.
      await untilAll([node], 'cluster_state:ok', `cluster_slots_assigned:${SLOTS}`);
      return node;
    },
    async stop() {
      for (const { client } of nodes) client.disconnect();
      await Promise.all(nodes.map(({ server }) => server.kill()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Starts a Cluster for the tests of one file, and stops it after them. */
export function useCluster(options: ClusterOptions = {}): TestCluster {
  let cluster: StartedCluster;
  beforeAll(async () => {
    cluster = await startCluster(options);
  });
  afterAll(() => cluster.stop());
  return {
    get url() {
      return cluster.url;
    },
    get primaries() {
      return cluster.primaries;
    },
    get replicas() {
      return cluster.replicas;
    },
  };
}

async function startNode(
  dir: string,
  { persistent, settings: own }: Required<Pick<ClusterOptions, 'persistent' | 'settings'>>,
  binary: string | undefined,
): Promise<ClusterNode> {
  const port = await freePort();
  const settings = {
    'cluster-enabled': 'yes',
    'cluster-node-timeout': '1000',
    'cluster-require-full-coverage': 'no',
    appendfsync: 'everysec',
    'repl-diskless-sync-delay': '0',
    masterauth: PASSWORD,
    ...own,
  };
  const client = new Redis({ port, password: PASSWORD, lazyConnect: true, retryStrategy: () => 200 });
  // The node may be away.
  client.on('error', () => undefined);
  const program = binary === undefined ? {} : { binary };
  let server = await startRedis({ dir, port, password: PASSWORD, persistent, settings, ...program });
  return {
    get server() {
      return server;
    },
    port,
    client,
    async restart() {
      server = await server.restart();
    },
  };
}

/** A port whose bus port is free, too. Both are below those of outgoing connections. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 12_000);
    if ((await isFree(port)) && (await isFree(port + BUS_OFFSET))) return port;
  }
}

export const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, LOCALHOST, () => server.close(() => resolve(true)));
  });

async function meet(nodes: readonly ClusterNode[], host: string): Promise<void> {
  const [first, ...others] = nodes;
  for (const { port } of others) await first?.client.call('CLUSTER', 'MEET', host, port);
  await untilAll(nodes, `cluster_known_nodes:${nodes.length}`);
}

async function shareSlots(primaries: readonly ClusterNode[]): Promise<void> {
  const from = (i: number) => Math.floor((i * SLOTS) / primaries.length);
  await Promise.all(
    primaries.map(({ client }, i) => client.call('CLUSTER', 'ADDSLOTSRANGE', from(i), from(i + 1) - 1)),
  );
}

async function follow(nodes: readonly ClusterNode[], primaries: number): Promise<void> {
  await untilAll(nodes, 'cluster_state:ok', `cluster_slots_assigned:${SLOTS}`);
  for (const [i, { client }] of nodes.slice(primaries).entries()) {
    const id = await nodes[i % primaries]?.client.call('CLUSTER', 'MYID');
    await client.call('CLUSTER', 'REPLICATE', String(id));
    await until(
      async () => (await client.info('replication')).includes('master_link_status:up'),
      'a replica',
    );
  }
  // Primaries vote only for a replica that they know as one.
  await Promise.all(
    nodes.map(({ client }) =>
      until(async () => {
        const lines = String(await client.call('CLUSTER', 'NODES')).split('\n');
        return lines.filter((line) => line.includes('slave')).length === nodes.length - primaries;
      }, 'a node that knows the replicas'),
    ),
  );
}

const untilAll = (nodes: readonly ClusterNode[], ...facts: string[]) =>
  Promise.all(
    nodes.map(({ client }) =>
      until(async () => {
        const info = String(await client.call('CLUSTER', 'INFO'));
        return facts.every((fact) => info.includes(`${fact}\r\n`));
      }, facts.join(', ')),
    ),
  );
