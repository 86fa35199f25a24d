import { type Clock, systemClock } from '../clock.ts';
import { NO_OBSERVER, type Observer } from '../observer.ts';
import { isCluster } from '../redis/cluster/slots.ts';
import type { Connection } from '../redis/connection.ts';
import { KeySpace } from '../redis/keyspace.ts';
import { TaskDirectory } from '../tasks/directory.ts';
import { Deadlines } from './deadlines.ts';
import { QueueRegistry } from './queue-registry.ts';
import { SubmitSettings } from './submit-settings.ts';

/** The settings that API and workers share. */
export interface CoreSettings {
  /** First part of every Redis key. */
  readonly prefix: string;
  /** How long a finished job is kept, ms, unless it has its own `resultTtl`. */
  readonly resultTtlMs: number;
  /** How long an Idempotency-Key is valid, ms. */
  readonly idempotencyTtlMs: number;
  /** Most dead letters that a queue keeps. */
  readonly deadMax: number;
  /** How long a dead letter is kept, ms. */
  readonly deadTtlMs: number;
  /** Whether a submit may name a task that no worker of the queue has announced. */
  readonly unknownTasks: 'accept' | 'reject';
}

/** What every room of the API and the workers shares. */
export interface Core {
  readonly redis: Connection;
  /** As `redis`, but for writes that resolve once REPLICAS_ACK replicas have them. Without REPLICAS_ACK it is `redis`. */
  readonly acked: Connection;
  readonly keySpace: KeySpace;
  readonly clock: Clock;
  /** Takes the events of the service in. */
  readonly observe: Observer;
  readonly settings: CoreSettings;
  readonly queues: QueueRegistry;
  readonly submitSettings: SubmitSettings;
  readonly tasks: TaskDirectory;
  readonly deadlines: Deadlines;
}

/** Whether a submit waits for replicas. */
export const isAcked = ({ redis, acked }: Pick<Core, 'redis' | 'acked'>): boolean => acked !== redis;

interface CoreOptions {
  readonly clock?: Clock;
  readonly observe?: Observer;
  readonly acked?: Connection;
}

/** @param redis the connection for short commands; blocking reads have connections of their own. */
export function createCore(
  redis: Connection,
  settings: CoreSettings,
  { clock = systemClock, observe = NO_OBSERVER, acked = redis }: CoreOptions = {},
): Core {
  const keySpace = new KeySpace(settings.prefix, isCluster(redis));
  return {
    redis,
    acked,
    keySpace,
    clock,
    observe,
    settings,
    queues: new QueueRegistry(redis, keySpace, clock, acked),
    submitSettings: new SubmitSettings(redis, clock),
    tasks: new TaskDirectory(redis, clock, observe),
    deadlines: new Deadlines(clock),
  };
}
