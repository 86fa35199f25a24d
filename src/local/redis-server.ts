import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import { createOrphanReaper, type OrphanReaper } from '../orphan-reaper.ts';
import { type Child, describeExit, type Exit, startChild } from './child-process.ts';
import { chooseAddress, redisConf } from './redis-settings.ts';
import { callRedis, RedisReplyError } from './resp.ts';

export interface RedisOptions {
  /** Folder for data and socket alone; created if it is missing. Default `.millrace/redis`. */
  dir?: string;
  /** Listen on this loopback port instead of a Unix socket in `dir`. */
  port?: number;
  /** Only with a port. Default: random. */
  password?: string;
  /** True (the default): every accepted write is on disk. False: nothing is stored on disk. */
  persistent?: boolean;
  /** Further settings of redis.conf; they override ours. */
  settings?: Readonly<Record<string, string>>;
  /** How long Redis may take until it answers; a large data file takes time to load. Default 60 s. */
  readyMs?: number;
  /** How long to wait until another Redis no longer uses `dir`. Default: not at all. */
  patienceMs?: number;
  /** The server program. Default: `redis-server`, else `valkey-server`, from PATH. */
  binary?: string;
  /** Default: a new one. */
  reaper?: OrphanReaper;
  /** Aborts the start; a Redis that runs already is not stopped. */
  signal?: AbortSignal;
}

export interface RedisServer {
  /** For REDIS_URL. */
  readonly url: string;
  readonly pid: number;
  readonly dir: string;
  /** Resolves when the process has ended, for any reason; never rejects. */
  readonly exited: Promise<Exit>;
  /** The last lines of its log. */
  lastLines(): string[];
  /** Stops Redis after its last writes; kills it after 10 s. */
  stop(): Promise<void>;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
  /** Starts Redis again on the same data and address, after `stop` or `kill`. */
  restart(): Promise<RedisServer>;
}

const STOP_MS = 10_000;
const PROGRAMS = ['redis-server', 'valkey-server'];

/** Starts a Redis and waits until it answers. The caller stops it. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const dir = resolve(options.dir ?? join('.millrace', 'redis'));
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  await untilUnused(dir, options.patienceMs ?? 0, options.signal);
  const address = await chooseAddress(dir, options);
  const reaper = options.reaper ?? createOrphanReaper();
  const conf = redisConf(dir, address, {
    persistent: options.persistent ?? true,
    settings: options.settings ?? {},
  });
  const child = await spawnServer(options.binary === undefined ? PROGRAMS : [options.binary], conf, reaper);
  if (options.reaper === undefined) child.exited.then(() => reaper.end());
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

/** File with the address of the Redis that uses the folder. Redis itself would let two write to the same files. */
export const addressFile = (dir: string): string => join(dir, 'address');

async function untilUnused(dir: string, patienceMs: number, signal?: AbortSignal): Promise<void> {
  const url = (await readFile(addressFile(dir), 'utf8').catch(() => '')).trim();
  const deadline = systemClock.monotonic() + patienceMs;
  while (url !== '' && (await isInUse(url))) {
    if (systemClock.monotonic() >= deadline) {
      throw new Error(
        `The data folder ${dir} is in use by a Redis that still runs. Stop it, or choose another folder.`,
      );
    }
    signal?.throwIfAborted();
    await sleep(100);
  }
}

/** A Redis that accepts our password is ours, and a silent one may be. One that refuses it took the port later. */
async function isInUse(url: string): Promise<boolean> {
  try {
    await callRedis(url, ['PING']);
    return true;
  } catch (error) {
    if (error instanceof RedisReplyError) return /^(LOADING|BUSY|MISCONF)/.test(error.message);
    return error instanceof Error && error.message.startsWith('Redis did not answer');
  }
}

async function spawnServer(programs: string[], conf: string, reaper: OrphanReaper): Promise<Child> {
  for (const command of programs) {
    try {
      return await startChild({ name: 'Redis', command, args: ['-'], input: conf, reaper });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  throw new Error(
    `${programs.join(' or ')} is not on PATH. Install one (on Debian or Ubuntu: sudo apt-get install -y redis-server; on macOS: brew install redis), or set REDIS_URL to a running Redis.`,
  );
}

interface ReadyOptions {
  readyMs: number;
  signal: AbortSignal | undefined;
}

async function untilReady(
  child: Child,
  url: string,
  dir: string,
  { readyMs, signal }: ReadyOptions,
): Promise<void> {
  const deadline = systemClock.monotonic() + readyMs;
  while (child.running && !signal?.aborted && systemClock.monotonic() < deadline) {
    if (await answers(url)) return;
    await sleep(10);
  }
  const late = child.running;
  const exit = await child.stop(STOP_MS);
  signal?.throwIfAborted();
  const what = late ? `was not ready within ${readyMs} ms` : `ended with ${describeExit(exit)}`;
  throw new Error(
    `Redis on the data folder ${dir} ${what}. Its last output:\n${quoteLines(child.lastLines())}`,
  );
}

/** False while nothing listens, or while Redis loads its data file (LOADING). */
const answers = (url: string): Promise<boolean> =>
  callRedis(url, ['PING']).then(
    (reply) => reply === 'PONG',
    () => false,
  );

const quoteLines = (lines: string[]): string => lines.map((line) => `  ${line}`).join('\n');
