import { AppError, invalidRequest } from '../errors.ts';
import { isHeldBy, isLeaseName } from '../lifecycle/consumer-name.ts';
import { MAX_LEASE_MS, MAX_LEASED_QUEUES, MIN_LEASE_MS } from '../schemas/lease.ts';
import { QUEUE_NAME_PATTERN } from '../schemas/values/names.ts';
import type { LeaseClaim, LeaseHolder } from './lease-holder.ts';

/**
 * An HTTP lease: the right to work on the jobs that it holds, until it expires. Its text holds all of this, so that
 * nothing needs to be stored. The text is no secret: the consumer's name, which is bound to its holder, is shown with the jobs.
 */
export interface Lease {
  /** Name of the Redis consumer that stands for the lease in every queue. */
  readonly consumer: string;
  /** How long the lease lasts after each renewal, ms. */
  readonly leaseMs: number;
  /** The queues from which it takes jobs, in this order. */
  readonly queues: readonly string[];
}

const LEASE_MS = /^[0-9a-z]{1,7}$/;
const QUEUE = new RegExp(QUEUE_NAME_PATTERN);

/** Joins the parts by `~`, which no part contains. Every part is safe in a URL. */
export const formatLease = ({ consumer, leaseMs, queues }: Lease): string =>
  [consumer, leaseMs.toString(36), ...queues].join('~');

/** Undefined for a text that `POST /leases` cannot have returned. */
export function parseLease(text: string): Lease | undefined {
  const [consumer = '', ms = '', ...queues] = text.split('~');
  const leaseMs = LEASE_MS.test(ms) ? Number.parseInt(ms, 36) : 0;
  if (!isLeaseName(consumer) || leaseMs < MIN_LEASE_MS || leaseMs > MAX_LEASE_MS) return undefined;
  const isValidList =
    queues.length >= 1 && queues.length <= MAX_LEASED_QUEUES && new Set(queues).size === queues.length;
  return isValidList && queues.every((queue) => QUEUE.test(queue))
    ? { consumer, leaseMs, queues }
    : undefined;
}

/**
 * The lease in a URL.
 *
 * @throws {AppError} lease-not-found, also for the lease of another client, and where the client may not work on its queues.
 */
export function leaseOfUrl(claim: LeaseClaim): Lease {
  const lease = claimedLease(claim);
  if (lease === undefined) throw leaseNotFound();
  return lease;
}

/** Undefined for a text that is no lease. */
function claimedLease({ text, holder }: LeaseClaim): Lease | undefined {
  const lease = typeof text === 'string' ? parseLease(text) : undefined;
  return lease && heldLease(lease, holder);
}

/** The text may name more queues than the client took the lease for: all of it comes from the client. */
function heldLease(lease: Lease, holder: LeaseHolder): Lease {
  if (isHeldBy(lease.consumer, holder.id) && lease.queues.every(holder.mayWorkOn)) return lease;
  throw leaseNotFound();
}

export const leaseNotFound = (): AppError =>
  new AppError('lease-not-found', 'There is no such lease. Send one that POST /leases returned.');

/** The lease in a request body. @throws {AppError} as `leaseOfUrl`; invalid-request. */
export function leaseOfBody(claim: LeaseClaim): Lease {
  const lease = claimedLease(claim);
  if (lease !== undefined) return lease;
  throw invalidRequest([{ pointer: '/lease', detail: 'must be a lease that POST /leases returned' }]);
}
