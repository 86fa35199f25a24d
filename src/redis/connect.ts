import { Redis, type RedisOptions } from 'ioredis';
import type { Connection } from './connection.ts';
import type { Script } from './script.ts';

export interface ConnectOptions {
  url: string;
  /** Shown in CLIENT LIST. */
  name: string;
  /** All scripts that are to be run, known from the start: an automatic pipeline knows only those of its beginning. */
  scripts: readonly Script[];
  /** Called for every connection fault; the client reconnects by itself. */
  onError?: (error: Error) => void;
}

/** A read of at most this many ms may block on the server. */
export const BLOCK_MS = 2_000;

/** A reply that takes longer than this on a request's connection is a fault: the answer is then a 503. */
const REQUEST_DEADLINE_MS = 900;
const WORKER_DEADLINE_MS = 5_000;
const BLOCKING_DEADLINE_MS = BLOCK_MS + 2_000;

/**
 * For requests over HTTP: commands of one turn of the event loop share one write, and a server that does
 * not answer fails them within a second.
 */
export const connectForRequests = (options: ConnectOptions): Connection =>
  connect(options, {
    enableAutoPipelining: true,
    // Submits are grouped by the write batcher: a pipeline would only hold them up.
    autoPipeliningIgnoredCommands: [
      'xadd',
      ...options.scripts.filter(({ isBatched }) => isBatched).map(({ name }) => name),
    ],
    socketTimeout: REQUEST_DEADLINE_MS,
  });

/** For workers' scripts, where patience is better than a repeated write. */
export const connectForWork = (options: ConnectOptions): Connection =>
  connect(options, { socketTimeout: WORKER_DEADLINE_MS });

/** For one blocking read at a time, of at most `BLOCK_MS`. */
export const connectForBlocking = (options: ConnectOptions): Connection =>
  connect(options, { socketTimeout: BLOCKING_DEADLINE_MS });

type Role = Pick<RedisOptions, 'enableAutoPipelining' | 'autoPipeliningIgnoredCommands' | 'socketTimeout'>;

function connect({ url, name, scripts, onError }: ConnectOptions, role: Role): Connection {
  const options = {
    ...role,
    connectionName: name,
    connectTimeout: 1_000,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt - 1, 5), 1_000),
    // A write whose reply was lost may have been done: it is reported, never sent again behind our back.
    autoResendUnfulfilledCommands: false,
    // With 0 every command in flight is rejected when the connection breaks; otherwise it would hang.
    maxRetriesPerRequest: 0,
    // Ready soon after Redis has read its data back, whatever time it guessed.
    maxLoadingRetryTime: 1_000,
    // The server has become a replica: its address may lead to the new primary. The command is not sent again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    enableOfflineQueue: false,
    scripts: Object.fromEntries(scripts.map(({ name, lua }) => [name, { lua }])),
  };
  const parsed = new URL(url);
  const redis =
    parsed.protocol === 'unix:'
      ? new Redis({ ...options, path: decodeURIComponent(parsed.pathname) })
      : new Redis(url, options);
  redis.on('error', (error: Error) => onError?.(error));
  return redis;
}

/** A service that starts while Redis is away waits for it so long, and then serves 503s until it comes. */
export const FIRST_CONNECT_MS = 1_000;

/** Resolves once commands can be sent. */
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
