import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Where a Redis listens, and what a client needs to get in. */
export interface RedisAddress {
  url: string;
  lines: string[];
}

/** The address of a Unix socket holds 104 bytes on macOS and 108 on Linux, with a zero at the end. */
const LONGEST_SOCKET_PATH = 100;

/**
 * A Unix socket in the data folder, which only its owner can enter; where the folder's path is too long for
 * one, or a port is wished for, a loopback port with a password.
 */
export async function chooseAddress(dir: string, wish: { port?: number; password?: string }) {
  const socket = join(dir, 'redis.sock');
  if (wish.port === undefined && Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH) return onSocket(socket);
  const password = wish.password ?? randomBytes(24).toString('hex');
  return onPort(wish.port ?? (await freePort()), password);
}

const onSocket = (path: string): RedisAddress => ({
  url: pathToFileURL(path).href.replace(/^file:/, 'unix:'),
  lines: ['port 0', `unixsocket ${quote(path)}`, 'unixsocketperm 700'],
});

const onPort = (port: number, password: string): RedisAddress => ({
  url: `redis://:${password}@127.0.0.1:${port}`,
  lines: [`port ${port}`, 'bind 127.0.0.1', `requirepass ${password}`],
});

/** A port that nothing uses at this moment. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

export interface Durability {
  /** True: every accepted write is on disk. False: nothing is kept, for tests of other things. */
  persistent: boolean;
  /** Further settings of redis.conf; they win. */
  settings: Readonly<Record<string, string>>;
}

/** The text of redis.conf, for Redis's standard input: a password in it is seen in no process list. */
export function redisConf(dir: string, address: RedisAddress, { persistent, settings }: Durability): string {
  const durability = persistent ? ['appendonly yes', 'appendfsync always'] : ['appendonly no'];
  return [
    `dir ${quote(dir)}`,
    ...address.lines,
    'daemonize no',
    'supervised no',
    'logfile ""',
    'save ""',
    'maxmemory-policy noeviction',
    // A node of a stream is freed when all of its entries are gone: docs/decisions/0005-small-stream-nodes.md.
    'stream-node-max-entries 4',
    'stream-node-max-bytes 1024',
    ...durability,
    ...Object.entries(settings).map(([name, value]) => `${name} ${quote(value)}`),
    '',
  ].join('\n');
}

const quote = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;
