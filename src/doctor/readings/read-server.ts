import type { Clock } from '../../clock.ts';
import { whenReady } from '../../redis/connect.ts';
import type { ServerConnection } from '../../redis/connection.ts';
import { configurationsKey, probeKey } from '../../redis/keys.ts';
import { parseInfo } from '../../redis/server/info.ts';
import { readAcl } from './read-acl.ts';
import { readWithin } from './reading.ts';
import type { ClockReading, RedisReadings, SlowCommand } from './readings.ts';

const CONNECT_MS = 3_000;
const COMMAND_MS = 2_000;
const PINGS = 20;
const PINGS_MS = 4_000;
const SLOW_ENTRIES = 128;

/** Settings that are judged. Some are of Redis alone; a server leaves out those that it does not know. */
const SETTINGS = [
  'appendfsync',
  'no-appendfsync-on-rewrite',
  'stream-node-max-entries',
  'stream-node-max-bytes',
  'timeout',
  'tcp-keepalive',
  'disable-thp',
  'min-replicas-to-write',
];

/** A server to look at. */
export interface DoctorServer {
  /** `host:port` of a node of a Cluster, '' for the only server. */
  readonly node: string;
  /** Whether it runs on this machine. */
  readonly isLocal: boolean;
  /** First part of every key. */
  readonly prefix: string;
  /** Whether it keeps the settings that processes announce: of a Cluster one primary does. */
  readonly hasSettings: boolean;
  /** Opens a connection. */
  readonly open: (onError: (error: Error) => void) => ServerConnection;
}

/** Why a server cannot be read. */
export interface Silent {
  readonly node: string;
  readonly fault: string;
}

/** Reads what one server tells of itself. Never rejects; each part has its own deadline. */
export async function readServer(server: DoctorServer, clock: Clock): Promise<RedisReadings | Silent> {
  const { node, isLocal, open } = server;
  let last = 'no answer';
  const onError = (error: Error) => {
    last = error.message;
  };
  // The second one is for the transaction of the ACL check.
  const [redis, aside] = [open(onError), open(onError)];
  try {
    const ready = await Promise.all([redis, aside].map((one) => whenReady(one, CONNECT_MS)));
    if (ready.includes(false)) return { node, fault: last };
    return { node, isLocal, ...(await readParts({ redis, aside }, server, clock)) };
  } finally {
    redis.disconnect();
    aside.disconnect();
  }
}

interface Connections {
  readonly redis: ServerConnection;
  readonly aside: ServerConnection;
}

async function readParts({ redis, aside }: Connections, { prefix, hasSettings }: DoctorServer, clock: Clock) {
  const within = <T>(read: () => Promise<T>) => readWithin(COMMAND_MS, read);
  // Alone, so that no other command of ours adds to the times.
  const pings = await readWithin(PINGS_MS, () => readPings(redis, clock));
  const skew = await within(() => readClock(redis, clock));
  const [info, config, slowLog, latencyDoctor, acl, configurations] = await Promise.all([
    within(async () => parseInfo(await redis.info())),
    within(() => readConfig(redis)),
    within(async () => slowCommands(await redis.call('SLOWLOG', 'GET', SLOW_ENTRIES))),
    within(async () => String(await redis.call('LATENCY', 'DOCTOR'))),
    within(() => readAcl(aside, probeKey(prefix))),
    within(async () => (hasSettings ? redis.hgetall(configurationsKey(prefix)) : {})),
  ]);
  return { info, config, pings, clock: skew, slowLog, latencyDoctor, acl, configurations };
}

async function readPings(redis: ServerConnection, clock: Clock): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < PINGS; i += 1) {
    const start = clock.monotonic();
    await redis.ping();
    times.push(clock.monotonic() - start);
  }
  return times;
}

/** Supposes that the time was read in the middle of the round trip. */
async function readClock(redis: ServerConnection, clock: Clock): Promise<ClockReading> {
  const [before, start] = [clock.wall(), clock.monotonic()];
  const [seconds, micros] = await redis.time();
  const errorMs = (clock.monotonic() - start) / 2;
  return { skewMs: Number(seconds) * 1_000 + Number(micros) / 1_000 - before - errorMs, errorMs };
}

/** One command for each: servers before Redis 7 take only one name. */
async function readConfig(redis: ServerConnection): Promise<ReadonlyMap<string, string>> {
  const replies = await Promise.all(SETTINGS.map((name) => redis.config('GET', name) as Promise<string[]>));
  return new Map(
    replies.filter(([name]) => name !== undefined).map(([name = '', value = '']) => [name, value]),
  );
}

/** Without the arguments: they hold payloads. */
function slowCommands(reply: unknown): SlowCommand[] {
  const rows = reply as [
    id: number,
    at: number,
    micros: number,
    args: string[],
    address?: string,
    name?: string,
  ][];
  return rows.map(([, at, micros, args, , client = '']) => ({
    at: Number(at),
    ms: Number(micros) / 1_000,
    command: args[0] ?? '',
    client,
  }));
}
