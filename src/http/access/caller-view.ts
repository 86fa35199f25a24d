import { type Caller, EVERYONE } from '../../access/caller.ts';
import { holderOf } from '../../access/holder.ts';
import { ANY_HOLDER, type LeaseHolder } from '../../leases/lease-holder.ts';
import type { Scope } from '../../schemas/keys/scope.ts';
import type { VisibleQueues } from '../../schemas/values/visible-queues.ts';

/**
 * The queues that the caller may read; undefined where it may read all.
 *
 * @param scope what the caller may do in a queue, it may also see there.
 */
export function visibleTo(caller: Caller, scope: Scope = 'read'): VisibleQueues | undefined {
  if (caller.may('read') || caller.may(scope)) return undefined;
  return {
    key: `${caller.reachOf('read')} ${caller.reachOf(scope)}`,
    has: (queueOrPattern) => caller.may('read', queueOrPattern) || caller.may(scope, queueOrPattern),
  };
}

/** The caller as one that takes leases and acts on them. */
export const leaseHolderOf = (caller: Caller): LeaseHolder =>
  caller === EVERYONE
    ? ANY_HOLDER
    : { id: holderOf(caller), mayWorkOn: (queue) => caller.may('work', queue) };
