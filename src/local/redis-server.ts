import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOrphanReaper, type OrphanReaper } from '../orphan-reaper.ts';
import { type Child, describeExit, type Exit, startChild } from './child-process.ts';
import { chooseAddress, redisConf } from './redis-settings.ts';
import { askRedis, RedisReplyError } from './resp.ts';

export interface RedisOptions {
  /** Holds the data, the socket and nothing else; made if it is missing. Default `.millrace/redis`. */
  dir?: string;
  /** Listen on this loopback port instead of a Unix socket in `dir`. */
  port?: number;
  /** Only with a port. Default: drawn by chance. */
  password?: string;
  /** True (the default): every accepted write is on disk. False: nothing is kept. */
  persistent?: boolean;
  /** Further settings of redis.conf; they win over ours. */
  settings?: Readonly<Record<string, string>>;
  /** How long it may take until it answers: reading a large data file back takes its time. Default 60 s. */
  readyMs?: number;
  /** How long to wait for another Redis to leave `dir`. Default: not at all. */
  patienceMs?: number;
  /** The server program. Default: `redis-server`, else `valkey-server`, from PATH. */
  binary?: string;
  /** Default: one of its own. */
  leash?: OrphanReaper;
  /** Gives up the start; a Redis that runs already is not stopped by it. */
  signal?: AbortSignal;
}

export interface RedisServer {
  /** For REDIS_URL. */
  readonly url: string;
  readonly pid: number;
  readonly dir: string;
  /** Settles when the process has ended, for whatever reason; never rejects. */
  readonly exited: Promise<Exit>;
  /** The last lines of its log. */
  lastLines(): string[];
  /** Lets it write what it has, then ends it; by force after 10 s. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts anew on the same data and address, after `stop` or `kill`. */
  restart(): Promise<RedisServer>;
}

const STOP_MS = 10_000;
const PROGRAMS = ['redis-server', 'valkey-server'];

/** Starts a Redis of our own and waits until it answers. The caller stops it. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const dir = resolve(options.dir ?? join('.millrace', 'redis'));
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  await claim(dir, options.patienceMs ?? 0, options.signal);
  const address = await chooseAddress(dir, options);
  const leash = options.leash ?? createOrphanReaper();
  const conf = redisConf(dir, address, {
    persistent: options.persistent ?? true,
    settings: options.settings ?? {},
  });
  const child = await launch(options.binary === undefined ? PROGRAMS : [options.binary], conf, leash);
  if (options.leash === undefined) child.exited.then(() => leash.end());
  await writeFile(addressFile(dir), `${address.url}\n`, { mode: 0o600 });
  await untilReady(child, address.url, dir, { readyMs: options.readyMs ?? 60_000, signal: options.signal });
  const { port, password } = new URL(address.url);
  const same = port === '' ? {} : { port: Number(port), password };
  return serverOf(child, { url: address.url, dir }, () => startRedis({ ...options, ...same, dir }));
}

function serverOf(child: Child, at: { url: string; dir: string }, restart: () => Promise<RedisServer>) {
  return {
    ...at,
    pid: child.pid,
    exited: child.exited,
    lastLines: child.lastLines,
    restart,
    async stop() {
      if (!child.running) return;
      await child.stop(STOP_MS);
      await rm(addressFile(at.dir), { force: true });
    },
    async kill() {
      child.signal('SIGKILL');
      await child.exited;
    },
  };
}

/** Says where the Redis that uses this folder listens: Redis itself lets two write to the same files. */
const addressFile = (dir: string): string => join(dir, 'address');

async function claim(dir: string, patienceMs: number, signal?: AbortSignal): Promise<void> {
  const url = (await readFile(addressFile(dir), 'utf8').catch(() => '')).trim();
  const deadline = performance.now() + patienceMs;
  while (url !== '' && (await isInUse(url))) {
    if (performance.now() >= deadline) {
      throw new Error(
        `The data folder ${dir} is in use by a Redis that still runs. Stop it, or choose another folder.`,
      );
    }
    signal?.throwIfAborted();
    await sleep(100);
  }
}

/** What lets us in is ours, and so may be what stays silent; what refuses us came after ours. */
async function isInUse(url: string): Promise<boolean> {
  try {
    await askRedis(url, ['PING']);
    return true;
  } catch (error) {
    if (error instanceof RedisReplyError) return /^(LOADING|BUSY|MISCONF)/.test(error.message);
    return error instanceof Error && error.message.startsWith('Redis did not answer');
  }
}

async function launch(programs: string[], conf: string, leash: OrphanReaper): Promise<Child> {
  for (const command of programs) {
    try {
      return await startChild({ name: 'Redis', command, args: ['-'], input: conf, leash });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  throw new Error(
    `There is no ${programs.join(' or ')} on PATH. Install one (on Debian or Ubuntu: sudo apt-get install -y redis-server; on macOS: brew install redis), or set REDIS_URL to a Redis that runs.`,
  );
}

interface Wait {
  readyMs: number;
  signal: AbortSignal | undefined;
}

async function untilReady(child: Child, url: string, dir: string, { readyMs, signal }: Wait): Promise<void> {
  const deadline = performance.now() + readyMs;
  while (child.running && !signal?.aborted && performance.now() < deadline) {
    if (await answers(url)) return;
    await sleep(10);
  }
  const late = child.running;
  const exit = await child.stop(STOP_MS);
  signal?.throwIfAborted();
  const what = late ? `did not get ready within ${readyMs} ms` : `ended with ${describeExit(exit)}`;
  throw new Error(`Redis on the data folder ${dir} ${what}. It said last:\n${quoteLines(child.lastLines())}`);
}

/** Not yet: nothing listens, or it still reads its data file back (LOADING). */
const answers = (url: string): Promise<boolean> =>
  askRedis(url, ['PING']).then(
    (reply) => reply === 'PONG',
    () => false,
  );

const quoteLines = (lines: string[]): string => lines.map((line) => `  ${line}`).join('\n');
