import { AppError, invalidRequest } from '../errors.ts';
import { isLeaseName } from '../lifecycle/consumer-name.ts';
import { MAX_LEASE_MS, MAX_LEASED_QUEUES, MIN_LEASE_MS } from '../schemas/lease.ts';
import { QUEUE_NAME_PATTERN } from '../schemas/values/names.ts';

/**
 * What a lease that was given out over HTTP says of itself: nothing of it has to be stored. It is no secret, since its
 * consumer is shown wherever it is told who runs a job.
 */
export interface Lease {
  /** The consumer's name in every queue. */
  readonly consumer: string;
  /** Life of the lease after each renewal, ms. */
  readonly leaseMs: number;
  /** The queues from which it takes, in their order. */
  readonly queues: readonly string[];
}

const MS = /^[0-9a-z]{1,7}$/;
const QUEUE = new RegExp(QUEUE_NAME_PATTERN);

/** The parts are joined by `~`, which no part has; all of it is safe in an address. */
export const formatLease = ({ consumer, leaseMs, queues }: Lease): string =>
  [consumer, leaseMs.toString(36), ...queues].join('~');

/** Undefined when no `POST /leases` can have answered the text. */
export function parseLease(text: string): Lease | undefined {
  const [consumer = '', ms = '', ...queues] = text.split('~');
  const leaseMs = MS.test(ms) ? Number.parseInt(ms, 36) : 0;
  if (!isLeaseName(consumer) || leaseMs < MIN_LEASE_MS || leaseMs > MAX_LEASE_MS) return undefined;
  const isFit =
    queues.length >= 1 && queues.length <= MAX_LEASED_QUEUES && new Set(queues).size === queues.length;
  return isFit && queues.every((queue) => QUEUE.test(queue)) ? { consumer, leaseMs, queues } : undefined;
}

/** A lease out of an address. @throws {AppError} lease-not-found. */
export function addressedLease(text: string): Lease {
  const lease = parseLease(text);
  if (lease !== undefined) return lease;
  throw new AppError('lease-not-found', 'There is no such lease. Send one as POST /leases answered it.');
}

/** A lease out of a body. @throws {AppError} invalid-request. */
export function givenLease(text: string): Lease {
  const lease = parseLease(text);
  if (lease !== undefined) return lease;
  throw invalidRequest([{ pointer: '/lease', detail: 'must be a lease as POST /leases answered it' }]);
}
