import type { Connection } from '../../../redis/connection.ts';
import { formatRef, parseRef, type Ref } from '../../../redis/job-id.ts';
import type { QueueKeys } from '../../../redis/keys.ts';

/** Where the entries of changed jobs are now, in the order of the refs that their ids name; undefined for other jobs. */
export async function presentRefs(
  redis: Connection,
  keys: QueueKeys,
  refs: readonly Ref[],
): Promise<(Ref | undefined)[]> {
  if (refs.length === 0) return [];
  const found = await redis.hmget(keys.changed, ...refs.map(formatRef));
  return found.map((ref) => (ref === null ? undefined : parseRef(ref)));
}

/** A job may be changed between two looks at it; nobody changes one this often at a time. */
const MOST_LOOKS = 10;

/**
 * Calls with the ref, and again with that of the present entry if there was nothing at the first. Only jobs that are not found
 * cost more than the call.
 */
export async function atPresentRef<T>(
  redis: Connection,
  keys: QueueKeys,
  ref: Ref,
  call: (ref: Ref) => Promise<T>,
  isMissing: (outcome: T) => boolean,
): Promise<{ outcome: T; ref: Ref }> {
  let at = { outcome: await call(ref), ref };
  for (let looks = 1; isMissing(at.outcome) && looks < MOST_LOOKS; looks += 1) {
    const [present] = await presentRefs(redis, keys, [ref]);
    if (present === undefined || formatRef(present) === formatRef(at.ref)) break;
    at = { outcome: await call(present), ref: present };
  }
  return at;
}
