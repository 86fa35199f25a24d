import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The address of a Redis for clients, and its lines of redis.conf. */
export interface RedisAddress {
  url: string;
  lines: string[];
}

/** A Unix socket's path has at most 104 bytes on macOS and 108 on Linux, including a final zero. */
const LONGEST_SOCKET_PATH = 100;

/**
 * A Unix socket in the data folder, which only its owner can enter. If the folder's path is too long for a socket, or
 * the caller wants a port: a loopback port with a password.
 */
export async function chooseAddress(dir: string, options: { port?: number; password?: string }) {
  const socket = join(dir, 'redis.sock');
  if (options.port === undefined && Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH) return onSocket(socket);
  const password = options.password ?? randomBytes(24).toString('hex');
  return onPort(options.port ?? (await freePort()), password);
}

const onSocket = (path: string): RedisAddress => ({
  url: pathToFileURL(path).href.replace(/^file:/, 'unix:'),
  lines: ['port 0', `unixsocket ${quote(path)}`, 'unixsocketperm 700'],
});

const onPort = (port: number, password: string): RedisAddress => ({
  url: `redis://:${password}@127.0.0.1:${port}`,
  lines: [`port ${port}`, 'bind 127.0.0.1', `requirepass ${password}`],
});

/** Below the ports that systems give to outgoing connections (32768 and more): one of those could take the port before it is used. */
const FIRST_PORT = 10_000;
const PORTS = 20_000;
const TRIES = 100;

/**
 * A port that is free at this moment.
 *
 * @throws {Error} for an address that this machine does not have, or when many ports in turn are in use.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    try {
      await tryToListen(host, port);
      return port;
    } catch (error) {
      const isUsed = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isUsed || tries === TRIES) throw error;
    }
  }
}

const tryToListen = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(port, host, () => probe.close(() => resolve()));
  });

export interface Durability {
  /** True: every accepted write is on disk. False: nothing is stored on disk, for tests. */
  persistent: boolean;
  /** Further settings of redis.conf; they override ours. */
  settings: Readonly<Record<string, string>>;
}

/** The text of redis.conf, for Redis's standard input, so that no process list shows the password. */
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
    // A stream node is freed once all its entries are deleted: docs/decisions/0005-small-stream-nodes.md.
    'stream-node-max-entries 4',
    'stream-node-max-bytes 1024',
    ...durability,
    ...Object.entries(settings).map(([name, value]) => `${name} ${quote(value)}`),
    '',
  ].join('\n');
}

const quote = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;
