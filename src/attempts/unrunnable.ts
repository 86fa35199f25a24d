import type { Unrunnable } from '../lifecycle/scripts/holds/hold.ts';
import type { Delivery } from '../lifecycle/scripts/take.ts';
import type { Entry } from '../redis/entry.ts';
import { expiryOf, priorityOf } from '../redis/entry-options.ts';
import { entryTime } from '../redis/job-id.ts';
import type { Outcome } from './outcome.ts';

/** The arguments of `hold` for a delivery that its worker cannot run. */
export function unrunnableOf(
  { place, entryId, token, begun, readyAt }: Delivery,
  entry: Pick<Entry, 'options'> | undefined,
  { reason, refusers }: Outcome & { kind: 'held' },
): Unrunnable {
  const options = entry?.options ?? {};
  const hasStarted = token > 1 || begun;
  return {
    ref: { place, entryId },
    token,
    priority: priorityOf(place, options),
    readyAt,
    reason,
    refusers,
    expiresAt: hasStarted ? undefined : expiryOf(entryTime(entryId), options),
  };
}
