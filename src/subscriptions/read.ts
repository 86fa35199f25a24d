import { decodeEvents } from '../events/decode.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { JobEvent } from '../schemas/event.ts';
import { ackSubscription } from './scripts/ack.ts';
import { readSubscription, type SubscriptionReading } from './scripts/read.ts';

/** Reads of one request, when they find no event of the wanted types. */
const MAX_READS = 20;

/** The result of a read. */
export interface ReadEventsPage {
  events: JobEvent[];
  /** Entries that were dropped without an acknowledgement since the last read. */
  lost: number;
  /** The subscription had no entry to deliver, of any type. */
  isEmpty: boolean;
  /** Ms until the oldest event without an acknowledgement is due again; 0 when more events may follow at once. */
  dueInMs: number | undefined;
}

/**
 * Reads the next events of a subscription; undefined when there is no such subscription. Events of unwanted types that come
 * before the wanted ones are acknowledged.
 *
 * @param max about how many events; those of one entry always come together.
 * @param wanted the wanted types; undefined for all.
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
    const { events, unwanted } = splitByType(keys.queue, reading, wanted);
    if (unwanted.size > 0) {
      await ackSubscription(redis, keys, name, { before: undefined, events: unwanted });
    }
    const isEmpty = reading.entries.length === 0;
    if (isEmpty && reading.isPartial && reads < MAX_READS) continue;
    if (isEmpty || events.length > 0 || reads >= MAX_READS) {
      return { events, lost, isEmpty, dueInMs: isEmpty ? reading.dueInMs : 0 };
    }
  }
}

/** The wanted events without an acknowledgement, and the numbers of the unwanted ones by entry (undefined: all of it). */
function splitByType(
  queue: string,
  { entries, acked }: SubscriptionReading,
  types: ReadonlySet<JobEvent['type']> | undefined,
): { events: JobEvent[]; unwanted: Map<string, ReadonlySet<number> | undefined> } {
  const events: JobEvent[] = [];
  const unwanted = new Map<string, ReadonlySet<number> | undefined>();
  for (const [id, fields] of entries) {
    const all = decodeEvents({ queue, id, fields }, false);
    const unacked = all.filter(({ position }) => !acked.get(id)?.has(position.seen));
    const wanted = types === undefined ? unacked : unacked.filter(({ event }) => types.has(event.type));
    events.push(...wanted.map(({ event }) => event));
    if (wanted.length === 0) unwanted.set(id, undefined);
    else if (wanted.length < unacked.length) {
      const rest = unacked.filter((one) => !wanted.includes(one));
      unwanted.set(id, new Set(rest.map(({ position }) => position.seen)));
    }
  }
  return { events, unwanted };
}
