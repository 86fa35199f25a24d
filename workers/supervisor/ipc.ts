import type { Config } from '../../src/config.ts';

/** A process that sees its parent gone leaves sooner than this; one whose event loop is blocked is then killed. */
export const ORPHAN_GRACE_S = 5;

/** What the parent says to a child. */
export type ToChild =
  | { type: 'start'; consumer: string; config: Config }
  | { type: 'cancel'; queue: string; ref: string }
  /** The lease ended: what was taken before `at` (Unix ms of Redis) is no longer ours. */
  | { type: 'lease-lost'; queue: string; at: number }
  /** The lease was renewed. */
  | { type: 'renewed' }
  | { type: 'stop'; graceMs: number };

/** What a child says to the parent. */
export type ToParent =
  | { type: 'started' }
  /** Redis does not know our lease: register it. */
  | { type: 'no-lease' }
  /** The event loop turns; the first running attempt must have ended within that time. */
  | { type: 'alive'; mustEndInMs: number };
