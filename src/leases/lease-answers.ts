import type { LeasedJob } from '../schemas/lease.ts';
import type { LeaseHolder } from './lease-holder.ts';

/** A request for a new lease and its first jobs. */
export interface LeaseRequest {
  readonly queues: readonly string[];
  /** Most jobs to take. */
  readonly max: number;
  readonly leaseMs: number;
  /** The worker's name for people. */
  readonly worker: string | undefined;
  /** Tasks that the worker has; undefined stands for all. */
  readonly tasks: readonly string[] | undefined;
  /** The client to whom the lease is bound. */
  readonly holder: LeaseHolder;
}

/** Jobs taken under a lease. Without jobs the lease has ended. */
export interface TakenLease {
  lease: string;
  /** Unix ms. */
  expiresAt: number;
  jobs: LeasedJob[];
  /** The worker is to drain: it gets no more jobs. */
  directive?: 'drain';
}

/** The answer to a heartbeat. */
export interface LeaseHeartbeat {
  /** End of the lease, Unix ms: now if it ended with the last job that was taken from it. */
  expiresAt: number;
  /** Ids of jobs that the worker is to stop. */
  cancel: string[];
  /** All queues of the lease are paused, or the worker is to drain. */
  mustDrain: boolean;
}
