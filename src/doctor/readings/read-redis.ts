import type { Clock } from '../../clock.ts';
import { isLoopback } from '../../config/access.ts';
import { hostsOf, withoutSecrets } from '../../redis/address/redis-url.ts';
import type { RedisTarget } from '../../redis/address/target.ts';
import { connectForWork, whenReady } from '../../redis/connect.ts';
import type { Connection } from '../../redis/connection.ts';
import { configurationsKey, probeKey } from '../../redis/keys.ts';
import { parseInfo } from '../../redis/server/info.ts';
import { readAcl } from './read-acl.ts';
import { readWithin } from './reading.ts';
import type { ClockReading, RedisContact, RedisReadings, SlowCommand } from './readings.ts';

/** A Redis, and the keys in it. */
export interface DoctorTarget extends RedisTarget {
  /** First part of every key. */
  readonly prefix: string;
}

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
];

/** Reads what Redis tells of itself. Never rejects; each part has its own deadline. */
export async function readRedis(target: DoctorTarget, clock: Clock): Promise<RedisContact> {
  const address = withoutSecrets(target.url);
  let last = 'no answer';
  const open = () =>
    connectForWork({
      ...target,
      name: 'millrace-doctor',
      scripts: [],
      onError: (error) => {
        last = error.message;
      },
    });
  const [redis, aside] = [open(), open()];
  try {
    const ready = await Promise.all([redis, aside].map((one) => whenReady(one, CONNECT_MS)));
    if (ready.includes(false)) return { address, fault: last };
    return { address, redis: await readParts({ redis, aside, target, clock }) };
  } finally {
    redis.disconnect();
    aside.disconnect();
  }
}

interface Source {
  readonly redis: Connection;
  /** For the transaction of the ACL check. */
  readonly aside: Connection;
  readonly target: DoctorTarget;
  readonly clock: Clock;
}

async function readParts({ redis, aside, target, clock }: Source): Promise<RedisReadings> {
  const within = <T>(read: () => Promise<T>) => readWithin(COMMAND_MS, read);
  // Alone, so that no other command of ours adds to the times.
  const pings = await readWithin(PINGS_MS, () => readPings(redis, clock));
  const skew = await within(() => readClock(redis, clock));
  const [info, config, slowLog, latencyDoctor, acl, configurations] = await Promise.all([
    within(async () => parseInfo(await redis.info())),
    within(() => readConfig(redis)),
    within(async () => slowCommands(await redis.call('SLOWLOG', 'GET', SLOW_ENTRIES))),
    within(async () => String(await redis.call('LATENCY', 'DOCTOR'))),
    within(() => readAcl(aside, probeKey(target.prefix))),
    within(() => redis.hgetall(configurationsKey(target.prefix))),
  ]);
  const isLocal = isOnThisMachine(target.url);
  return { isLocal, info, config, pings, clock: skew, slowLog, latencyDoctor, acl, configurations };
}

async function readPings(redis: Connection, clock: Clock): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < PINGS; i += 1) {
    const start = clock.monotonic();
    await redis.ping();
    times.push(clock.monotonic() - start);
  }
  return times;
}

/** Supposes that the time was read in the middle of the round trip. */
async function readClock(redis: Connection, clock: Clock): Promise<ClockReading> {
  const [before, start] = [clock.wall(), clock.monotonic()];
  const [seconds, micros] = await redis.time();
  const errorMs = (clock.monotonic() - start) / 2;
  return { skewMs: Number(seconds) * 1_000 + Number(micros) / 1_000 - before - errorMs, errorMs };
}

/** One command for each: servers before Redis 7 take only one name. */
async function readConfig(redis: Connection): Promise<ReadonlyMap<string, string>> {
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

export const isOnThisMachine = (url: string): boolean => hostsOf(url).every(isLoopback);
