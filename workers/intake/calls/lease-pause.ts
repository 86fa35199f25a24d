import type { Observer } from '../../../src/observer.ts';
import type { QueueState } from '../queue-state.ts';

/** How long nothing is taken from a queue without a lease, so that the supervisor can register it. */
const LEASE_PAUSE_MS = 200;

export interface LeasePauseParts {
  consumer: { readonly name: string };
  observe: Observer;
  /** Redis has no lease of this process: jobs of the queue may already run elsewhere. */
  onNoLease: (queue: string) => void;
}

/** A take has found no lease: nothing is taken from the queue for a moment. Reports the loss once. */
export function pauseWithoutLease(
  state: QueueState,
  { consumer: { name }, observe, onNoLease }: LeasePauseParts,
  onOver: () => void,
): void {
  state.lacksLease = true;
  setTimeout(() => {
    state.lacksLease = false;
    state.isDrained = false;
    onOver();
  }, LEASE_PAUSE_MS).unref();
  const { queue } = state.keys;
  if (!state.isLossReported) observe({ kind: 'lease-lost', consumer: name, lease: name, queue });
  state.isLossReported = true;
  onNoLease(queue);
}
