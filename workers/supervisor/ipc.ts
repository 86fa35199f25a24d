import type { Config } from '../../src/config.ts';

/** A process stops sooner than this after its supervisor has ended. One whose event loop is blocked is then killed. */
export const ORPHAN_GRACE_S = 5;

/** Messages of the supervisor to a worker process. */
export type FromSupervisor =
  | { type: 'start'; consumer: string; config: Config }
  | { type: 'cancel'; queue: string; ref: string }
  /** A job of the class is held since a moment ago; without a class it may be any. */
  | { type: 'held'; queue: string; holdClass?: string | undefined }
  /** The lease expired. It was registered again at that time, Unix ms of Redis: jobs taken earlier are lost. */
  | { type: 'lease-lost'; queue: string; registeredAt: number }
  | { type: 'lease-renewed' }
  | { type: 'stop'; graceMs: number };

/** Messages of a worker process to the supervisor. */
export type ToSupervisor =
  | { type: 'started' }
  /** Redis has no lease of this process: register it. */
  | { type: 'no-lease' }
  /** A heartbeat: the event loop runs, and the first running attempt must have ended within that time. */
  | { type: 'alive'; mustEndInMs: number };
