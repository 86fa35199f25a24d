import type { QueueStats, QueueSummary } from '../../schemas/queue.ts';
import type { Schedule } from '../../schemas/schedule.ts';
import type { Subscription } from '../../schemas/subscription.ts';
import type { Worker } from '../../schemas/workers/worker.ts';
import type { Reading } from './reading.ts';

/** The environment of this process, as the service would read it. */
export interface EnvironmentReadings {
  /** What is wrong with the settings, one sentence each. */
  readonly faults: readonly string[];
  readonly misspelt: readonly string[];
  readonly host: string;
  /** The value of AUTH. */
  readonly auth: 'off' | 'keys';
  /** First part of every Redis key. */
  readonly prefix: string;
  readonly deadMax: number;
  readonly replicasAck: number;
  /** Why the folder of the tasks cannot be read, or undefined. */
  readonly tasksDirFault: string | undefined;
}

/** The machine of this process. */
export interface HostReadings {
  /** Text of `/sys/kernel/mm/transparent_hugepage/enabled`, such as `always [madvise] never`. */
  readonly hugePages: string | undefined;
  /** Text of `/proc/sys/vm/overcommit_memory`. */
  readonly overcommit: string | undefined;
  /** Whether the kernel gives huge pages to the process of Redis; undefined where it does not say. */
  readonly redisGetsHugePages: boolean | undefined;
}

export interface SlowCommand {
  /** Unix seconds. */
  readonly at: number;
  readonly ms: number;
  readonly command: string;
  /** Name of the connection that sent it. */
  readonly client: string;
}

/** What Redis replied to the commands that need a permission; see `redis/acl/needed-commands.ts`. */
export interface AclReadings {
  readonly user: string | undefined;
  /** Commands that Redis refuses, with its reply. */
  readonly denied: ReadonlyMap<string, string>;
}

export interface ClockReading {
  /** The clock of Redis or the API minus that of this machine, ms. */
  readonly skewMs: number;
  /** Half of the round trip: the skew is exact to this. */
  readonly errorMs: number;
}

/** What a server tells of itself. */
export interface RedisReadings {
  /** `host:port` of a node of a Cluster, '' for the only server. */
  readonly node: string;
  /** Whether its process runs on this machine. */
  readonly isLocal: boolean;
  /** Members of INFO. */
  readonly info: Reading<ReadonlyMap<string, string>>;
  /** Settings by CONFIG GET. */
  readonly config: Reading<ReadonlyMap<string, string>>;
  /** Round trips, ms. */
  readonly pings: Reading<readonly number[]>;
  readonly clock: Reading<ClockReading>;
  readonly slowLog: Reading<readonly SlowCommand[]>;
  /** Text of LATENCY DOCTOR. */
  readonly latencyDoctor: Reading<string>;
  readonly acl: Reading<AclReadings>;
  /** Hash of the settings that processes had lately: JSON -> when and where. */
  readonly configurations: Reading<Readonly<Record<string, string>>>;
}

/** What a sentinel calls the primary, `host:port`. */
export interface SentinelReading {
  readonly sentinel: string;
  readonly primary: Reading<string>;
}

/** What belongs to no server alone. */
export type TopologyReadings =
  | { readonly kind: 'single' }
  | { readonly kind: 'sentinel'; readonly sentinels: readonly SentinelReading[] }
  | {
      readonly kind: 'cluster';
      /** Members of CLUSTER INFO. */
      readonly info: ReadonlyMap<string, string>;
      /** How many nodes REDIS_URL names. */
      readonly named: number;
    };

/** A Redis that can be looked at. */
export interface ReachedRedis {
  readonly address: string;
  /** The server, or the primaries of a Cluster that answer. */
  readonly servers: readonly [RedisReadings, ...RedisReadings[]];
  /** Primaries of a Cluster that do not answer. */
  readonly silent: readonly { readonly node: string; readonly fault: string }[];
  readonly topology: TopologyReadings;
}

/** `fault`: why the doctor could not connect. */
export type RedisContact = { readonly address: string; readonly fault: string } | ReachedRedis;

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly warnings?: readonly string[];
}

/** What the API answers. */
export interface ApiReadings {
  readonly readiness: Readiness;
  /** Its clock minus that of this machine; undefined when a proxy leaves out the header. */
  readonly clock: ClockReading | undefined;
  readonly queues: Reading<readonly QueueSummary[]>;
  /** Of the queues that hold jobs: as many as the doctor has time for. */
  readonly stats: readonly QueueStats[];
  readonly workers: Reading<readonly Worker[]>;
  readonly schedules: Reading<readonly Schedule[]>;
  readonly subscriptions: readonly Subscription[];
}

export type ApiContact =
  | { readonly url: string; readonly fault: string }
  | { readonly url: string; readonly api: ApiReadings };

/** Everything that the checks look at. */
export interface Readings {
  /** Unix ms. */
  readonly now: number;
  readonly environment: EnvironmentReadings;
  readonly host: HostReadings;
  readonly redis: RedisContact;
  readonly api: ApiContact;
}
