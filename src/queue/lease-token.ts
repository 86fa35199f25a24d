import { QUEUE_NAME_PATTERN } from '../schemas/names.ts';

/** What a lease that was given out over HTTP says of itself: nothing of it has to be stored. */
export interface Lease {
  /** The consumer's name in every queue. */
  readonly consumer: string;
  /** Life of the lease after each renewal, ms. */
  readonly leaseMs: number;
  /** The queues from which it takes, in their order. */
  readonly queues: readonly string[];
}

const CONSUMER = /^[A-Za-z0-9_@.-]{1,89}$/;
const MS = /^[0-9a-z]{1,7}$/;
const QUEUE = new RegExp(QUEUE_NAME_PATTERN);

/** The parts are joined by `~`, which no part has; all of it is safe in an address. */
export const formatLease = ({ consumer, leaseMs, queues }: Lease): string =>
  [consumer, leaseMs.toString(36), ...queues].join('~');

/** Undefined when the text cannot be a lease. */
export function parseLease(text: string): Lease | undefined {
  const [consumer = '', ms = '', ...queues] = text.split('~');
  if (!CONSUMER.test(consumer) || !MS.test(ms)) return undefined;
  if (queues.length === 0 || !queues.every((queue) => QUEUE.test(queue))) return undefined;
  return { consumer, leaseMs: Number.parseInt(ms, 36), queues };
}
