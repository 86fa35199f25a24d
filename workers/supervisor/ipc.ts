import type { Config } from '../../src/config.ts';
import type { Delivery } from '../../src/lifecycle/consumer.ts';
import type { MetricsBatch } from '../../src/telemetry/metrics/job-metrics.ts';
import type { UnreadQueue } from '../process/read-watch.ts';

/** A process stops sooner than this after its supervisor has ended. One whose event loop is blocked is then killed. */
export const ORPHAN_GRACE_S = 5;

/** A delivery without the keys of its queue. */
export type SentDelivery = Omit<Delivery, 'keys'>;

/** Messages of the supervisor to a worker process. */
export type FromSupervisor =
  | News
  | { type: 'start'; consumer: string; config: Config; queues: readonly string[] }
  /** Run this job, which your consumer holds, and nothing else. */
  | { type: 'run-alone'; consumer: string; config: Config; queue: string; delivery: SentDelivery }
  /** The answer to `hand-over`. `isDone`: another process has the job now. */
  | { type: 'handed-over'; job: string; token: number; isDone: boolean }
  | { type: 'stop'; graceMs: number };

/** What those that run jobs are told while they do. */
export type News =
  /** Serve these queues from now on. */
  | { type: 'queues'; queues: readonly string[] }
  | { type: 'cancel'; queue: string; ref: string }
  /** A job of the class is held since a moment ago; without a class it may be any. */
  | { type: 'held'; queue: string; holdClass?: string | undefined }
  /** The lease expired. It was registered again at that time, Unix ms of Redis: jobs taken earlier are lost. */
  | { type: 'lease-lost'; queue: string; registeredAt: number }
  | { type: 'lease-renewed' };

/** A job that its process wants to run alone in another one. */
export interface HandOverRequest {
  job: string;
  queue: string;
  delivery: SentDelivery;
}

/** Messages of a worker process to the supervisor. */
export type ToSupervisor =
  | { type: 'started' }
  /** Redis has no lease of this process: register it. */
  | { type: 'no-lease' }
  /** The process is in doubt: it takes no more jobs and ends within the grace. Start another one. */
  | { type: 'replace' }
  /** The job shall run alone in another process. Answered by `handed-over`. */
  | ({ type: 'hand-over' } & HandOverRequest)
  /** A heartbeat: the event loop runs, and the first running attempt must have ended within that time. */
  | { type: 'alive'; mustEndInMs: number }
  /**
   * Every second, with HEALTH_PORT: the event loop runs. `unread`: a queue that it should have read. `metrics`: what it has
   * counted since the last report.
   */
  | { type: 'report'; unread?: UnreadQueue; metrics?: MetricsBatch };
