import type { Config } from '../../src/config.ts';
import { type Core, createCore } from '../../src/core/core.ts';
import { WaitingConsumer } from '../../src/lifecycle/consumer.ts';
import type { Ability } from '../../src/lifecycle/hold-class.ts';
import { createObserver, type Observer, type ServiceEventKind } from '../../src/observer.ts';
import type { RedisTarget } from '../../src/redis/address/target.ts';
import { connectForWork, WORKER_BLOCK_MS } from '../../src/redis/connect.ts';
import type { Connection } from '../../src/redis/connection.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { openReader } from '../../src/redis/reads/open-reader.ts';
import type { StreamReader } from '../../src/redis/reads/stream-reader.ts';
import { scripts } from '../../src/scripts.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { logObserver } from '../../src/telemetry/log-observer.ts';
import type { JobMetrics } from '../../src/telemetry/metrics/job-metrics.ts';
import type { ReconcileSchedule } from '../intake/reconciler.ts';
import type { ToSupervisor } from '../supervisor/ipc.ts';

export interface Connections {
  redis: Connection;
  reader: StreamReader;
}

export type Send = (message: ToSupervisor) => void;

export function createWorkerObserver(
  consumerName: string,
  config: Config,
  { reconcileSoon }: ReconcileSchedule,
  metrics: JobMetrics | undefined,
): Observer {
  const logger = createLogger(config.logLevel, 'millrace-worker').child({ worker: consumerName });
  // A defect may have lost deliveries.
  const onDefect = { wants: (kind: ServiceEventKind) => kind === 'defect', observe: () => reconcileSoon() };
  return createObserver(logObserver(logger), onDefect, ...(metrics === undefined ? [] : [metrics]));
}

export function connect(name: string, target: RedisTarget, observe: Observer): Connections {
  const onError = (error: unknown) => observe({ kind: 'redis-trouble', where: 'connection', error });
  const to = { ...target, scripts, onError };
  const redis = connectForWork({ ...to, name });
  const reader = openReader({ ...to, name: `${name}-reads`, blockMs: WORKER_BLOCK_MS }, redis);
  return { redis, reader };
}

/** What all parts share. */
export interface Base {
  config: Pick<Config, 'concurrency' | 'leaseMs' | 'maxPayloadBytes'>;
  core: Core;
  /** Change while the process runs. */
  queues: QueueKeys[];
  consumer: WaitingConsumer;
  ability: Ability;
  reconcileSchedule: ReconcileSchedule;
  observe: Observer;
  send: Send;
}

export function createBase(
  consumerName: string,
  config: Config,
  queueNames: readonly string[],
  { redis, reader }: Connections,
  tasks: ReadonlyMap<string, LoadedTask>,
  reconcileSchedule: ReconcileSchedule,
  observe: Observer,
  send: Send,
): Base {
  const core = createCore(redis, config, { observe });
  const queues = queueNames.map((queue) => core.keySpace.queue(queue));
  const consumer = new WaitingConsumer(consumerName, redis, reader);
  const ability = {
    tasks: [...tasks.keys()],
    schemasOf: (task: string) => [tasks.get(task)?.fingerprint ?? ''],
  };
  return { config, core, queues, consumer, ability, reconcileSchedule, observe, send };
}
