import { decodeEvents } from '../events/decode.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { JobEvent } from '../schemas/event.ts';
import { ackSubscription } from './scripts/ack.ts';
import { readSubscription, type SubscriptionReading } from './scripts/read.ts';

/** Reads of one request that find nothing of the types that are wanted. */
const MOST_READS = 20;

/** What a read brought. */
export interface ReadEventsPage {
  events: JobEvent[];
  /** Entries. */
  lost: number;
  /** The subscription had nothing more to hand out, wanted or not. */
  isEmpty: boolean;
  /** Until the oldest of what is not acknowledged is due again; 0 when there may be more at once. */
  dueInMs: number | undefined;
}

/**
 * The next events of a subscription, of the types that are wanted (undefined: of all); the others that come before them are
 * acknowledged. Undefined when there is no such subscription.
 *
 * @param max events, about: those of one entry come together.
 */
export async function readEventsPage(
  redis: Connection,
  keys: QueueKeys,
  name: string,
  max: number,
  wanted: ReadonlySet<JobEvent['type']> | undefined,
): Promise<ReadEventsPage | undefined> {
  let lost = 0;
  for (let reads = 1; ; reads += 1) {
    const reading = await readSubscription(redis, keys, name, max);
    if (reading === undefined) return undefined;
    lost += reading.lost;
    const { events, others } = sort(keys.queue, reading, wanted);
    if (others.size > 0) await ackSubscription(redis, keys, name, { before: undefined, events: others });
    const isEmpty = reading.entries.length === 0;
    if (isEmpty && reading.isPartial && reads < MOST_READS) continue;
    if (isEmpty || events.length > 0 || reads >= MOST_READS) {
      return { events, lost, isEmpty, dueInMs: isEmpty ? reading.dueInMs : 0 };
    }
  }
}

/** The events that are wanted and not acknowledged, and the numbers of the others by entry. */
function sort(
  queue: string,
  { entries, acked }: SubscriptionReading,
  wanted: ReadonlySet<JobEvent['type']> | undefined,
): { events: JobEvent[]; others: Map<string, ReadonlySet<number> | undefined> } {
  const events: JobEvent[] = [];
  const others = new Map<string, ReadonlySet<number> | undefined>();
  for (const [id, fields] of entries) {
    const told = decodeEvents({ queue, id, fields }, false);
    const open = told.filter(({ position }) => !acked.get(id)?.has(position.seen));
    const kept = wanted === undefined ? open : open.filter(({ event }) => wanted.has(event.type));
    events.push(...kept.map(({ event }) => event));
    // An entry that tells nothing, or nothing that is wanted, is done with.
    if (kept.length === 0) others.set(id, undefined);
    else if (kept.length < open.length) {
      const rest = open.filter((one) => !kept.includes(one));
      others.set(id, new Set(rest.map(({ position }) => position.seen)));
    }
  }
  return { events, others };
}
