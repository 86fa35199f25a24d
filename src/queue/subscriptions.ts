import { AppError } from '../errors.ts';
import { decodeEvents } from '../events/decode.ts';
import type { EventFeed } from '../events/feed.ts';
import { entryTime } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { MOST_SUBSCRIPTIONS, subscribe, unsubscribe } from '../redis/scripts/subscription.ts';
import { ackSubscription } from '../redis/scripts/subscription-ack.ts';
import { readSubscription, type SubscriptionReading } from '../redis/scripts/subscription-read.ts';
import { type SubscriptionState, subscriptionStates } from '../redis/subscriptions.ts';
import type { JobEvent } from '../schemas/event.ts';
import {
  type AckEvents,
  type Acknowledged,
  DEFAULT_ACK_WAIT_MS,
  DEFAULT_BACKLOG,
  DEFAULT_READ,
  type EventsRead,
  type ReadEvents,
  type Subscription,
  type SubscriptionOptions,
} from '../schemas/subscription.ts';
import { ackList } from './ack-list.ts';
import type { Core } from './core.ts';
import { knownQueue, noteQueue } from './known.ts';
import { Line } from './line.ts';
import { toTimestamp } from './view.ts';
import type { Asker } from './wait.ts';

/** Reads of one request that find nothing of the types that are wanted. */
const MOST_READS = 20;

/** What a read brought. */
interface Brought {
  events: JobEvent[];
  /** Entries. */
  lost: number;
  /** The subscription had nothing more to hand out, wanted or not. */
  isEmpty: boolean;
  /** Until the oldest of what is not acknowledged is due again; 0 when there may be more at once. */
  dueInMs: number | undefined;
}

/** Durable subscriptions to the events of queues: each gets every event at least once. */
export class Subscriptions {
  readonly #core: Core;
  readonly #line: Line;

  /** @param maxWaiters most reads that may wait at a time. */
  constructor(core: Core, feed: EventFeed, maxWaiters: number) {
    this.#core = core;
    this.#line = new Line(feed, maxWaiters);
  }

  /** Makes one, or changes what is given of it. Also makes the queue known. @throws {AppError} too-many-subscriptions. */
  async put(
    queue: string,
    name: string,
    options: SubscriptionOptions,
  ): Promise<{ isNew: boolean; subscription: Subscription }> {
    const keys = this.#core.keySpace.queue(queue);
    await noteQueue(this.#core, queue);
    const outcome = await subscribe(this.#core.redis, keys, name, {
      from: options.from ?? 'now',
      maxBacklog: options.maxBacklog,
      ackWaitMs: options.ackWaitMs,
      defaults: { maxBacklog: DEFAULT_BACKLOG, ackWaitMs: DEFAULT_ACK_WAIT_MS },
    });
    if (outcome === 'full') {
      throw new AppError(
        'too-many-subscriptions',
        `A queue has at most ${MOST_SUBSCRIPTIONS} subscriptions. Delete one that is not needed.`,
      );
    }
    return { isNew: outcome === 'made', subscription: await this.get(queue, name) };
  }

  /** @throws {AppError} subscription-not-found, as do all below. */
  async get(queue: string, name: string): Promise<Subscription> {
    const keys = this.#core.keySpace.queue(queue);
    const [state] = await subscriptionStates(this.#core.redis, keys, name);
    if (state === undefined) throw notFound(queue, name);
    return view(queue, state);
  }

  /** @throws {AppError} queue-not-found. */
  async list(queue: string): Promise<Subscription[]> {
    const keys = await knownQueue(this.#core, queue);
    const states = await subscriptionStates(this.#core.redis, keys);
    return states.map((state) => view(queue, state));
  }

  async remove(queue: string, name: string): Promise<void> {
    const keys = this.#core.keySpace.queue(queue);
    if (!(await unsubscribe(this.#core.redis, keys, name))) throw notFound(queue, name);
  }

  /**
   * Hands out the next events, to whoever asks first; waits for some if there are none.
   *
   * @throws {AppError} also too-many-waiters.
   */
  async read(
    queue: string,
    name: string,
    { max = DEFAULT_READ, waitMs = 0, types }: ReadEvents,
    asker: Asker,
  ): Promise<EventsRead> {
    const keys = this.#core.keySpace.queue(queue);
    const wanted = types && new Set<JobEvent['type']>(types);
    const look = () => this.#readOnce(keys, name, max, wanted);
    const first = await look();
    const { events, lost, isEmpty } =
      waitMs > 0 && isNothing(first)
        ? ((await this.#line.wait(keys, name, waitMs, asker, look, isNothing)) ?? first)
        : first;
    const isMore = events.length === 0 && !isEmpty;
    return { events, ...(lost > 0 && { lost }), ...(isMore && { more: true }) };
  }

  /** @throws {AppError} also invalid-request. */
  async ack(queue: string, name: string, what: AckEvents): Promise<Acknowledged> {
    const keys = this.#core.keySpace.queue(queue);
    const done = await ackSubscription(this.#core.redis, keys, name, ackList(what));
    if (done === undefined) throw notFound(queue, name);
    return done;
  }

  /** Answers everybody who waits. */
  stop(): void {
    this.#line.stop();
  }

  async #readOnce(
    keys: QueueKeys,
    name: string,
    max: number,
    wanted: ReadonlySet<JobEvent['type']> | undefined,
  ): Promise<Brought> {
    let lost = 0;
    for (let reads = 1; ; reads += 1) {
      const reading = await readSubscription(this.#core.redis, keys, name, max);
      if (reading === undefined) throw notFound(keys.queue, name);
      lost += reading.lost;
      const { events, others } = sort(keys.queue, reading, wanted);
      if (others.size > 0) {
        await ackSubscription(this.#core.redis, keys, name, { before: undefined, events: others });
      }
      const isEmpty = reading.entries.length === 0;
      if (isEmpty || events.length > 0 || reads >= MOST_READS) {
        return { events, lost, isEmpty, dueInMs: isEmpty ? reading.dueInMs : 0 };
      }
    }
  }
}

const isNothing = ({ events, lost }: Brought): boolean => events.length === 0 && lost === 0;

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

const notFound = (queue: string, name: string) =>
  new AppError(
    'subscription-not-found',
    `There is no subscription "${name}" to the queue "${queue}". Make it with PUT /queues/${queue}/subscriptions/${name}.`,
  );

const view = (queue: string, state: SubscriptionState): Subscription => ({
  name: state.name,
  queue,
  createdAt: toTimestamp(state.at),
  backlog: state.backlog,
  unacked: state.unacked,
  ...(state.oldestUnacked !== undefined && { oldestUnackedAt: toTimestamp(entryTime(state.oldestUnacked)) }),
  lost: state.lost,
  maxBacklog: state.max,
  ackWaitMs: state.wait,
});
