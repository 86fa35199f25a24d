import { type Clock, systemClock } from '../clock.ts';
import { NO_OBSERVER, type Observer } from '../observer.ts';
import type { Connection } from '../redis/connect.ts';
import { KeySpace } from '../redis/keyspace.ts';
import { TaskDirectory } from '../tasks/directory.ts';
import { QueueLimits } from './queue-limits.ts';
import { QueueRegistry } from './queue-registry.ts';

/** What the core takes from the configuration. */
export interface CoreSettings {
  /** First part of every key. */
  readonly prefix: string;
  /** How long a finished job can be read, unless the job says otherwise. */
  readonly resultTtlMs: number;
  /** How long an Idempotency-Key is remembered. */
  readonly idempotencyTtlMs: number;
  /** Most failed jobs that a queue keeps. */
  readonly deadMax: number;
  /** How long a failed job is kept. */
  readonly deadTtlMs: number;
  /** Whether a submit may name a task that no worker of the queue has announced. */
  readonly unknownTasks: 'accept' | 'reject';
}

/** What the nouns of the API and the workers share. */
export interface Core {
  readonly redis: Connection;
  readonly keySpace: KeySpace;
  readonly clock: Clock;
  /** Takes the events of the service in. */
  readonly observe: Observer;
  readonly settings: CoreSettings;
  readonly queues: QueueRegistry;
  readonly limits: QueueLimits;
  readonly tasks: TaskDirectory;
}

/** @param redis the connection for short commands; blocking reads have connections of their own. */
export function createCore(
  redis: Connection,
  settings: CoreSettings,
  { clock = systemClock, observe = NO_OBSERVER }: { clock?: Clock; observe?: Observer } = {},
): Core {
  const keySpace = new KeySpace(settings.prefix);
  return {
    redis,
    keySpace,
    clock,
    observe,
    settings,
    queues: new QueueRegistry(redis, keySpace, clock),
    limits: new QueueLimits(redis, clock),
    tasks: new TaskDirectory(redis, clock),
  };
}
