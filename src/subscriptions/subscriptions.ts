import type { Core } from '../core/core.ts';
import { observeWait } from '../core/observe-wait.ts';
import type { Requester } from '../core/requester.ts';
import { AppError } from '../errors.ts';
import type { EventNotifier } from '../events/notifier.ts';
import { entryTime } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
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
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { toAckList } from './ack.ts';
import { type ReadEventsPage, readEventsPage } from './read.ts';
import { ackSubscription } from './scripts/ack.ts';
import { MOST_SUBSCRIPTIONS, subscribe, unsubscribe } from './scripts/subscribe.ts';
import { type SubscriptionState, subscriptionStates } from './state.ts';
import { WaitingReaders } from './waiting-readers.ts';

/** Durable subscriptions to the events of queues: each gets every event at least once. */
export class Subscriptions {
  readonly #core: Core;
  readonly #waitingReaders: WaitingReaders;

  /** @param maxWaiters how many reads can wait at the same time. */
  constructor(core: Core, notifier: EventNotifier, maxWaiters: number) {
    this.#core = core;
    this.#waitingReaders = new WaitingReaders(notifier, maxWaiters, core.clock);
  }

  /**
   * Creates a subscription, or changes the given options of an existing one. Registers the queue.
   *
   * @throws {AppError} too-many-subscriptions.
   */
  async put(
    queue: string,
    name: string,
    options: SubscriptionOptions,
  ): Promise<{ isNew: boolean; subscription: Subscription }> {
    const keys = this.#core.keySpace.queue(queue);
    await this.#core.queues.register([queue]);
    const outcome = await subscribe(this.#core.redis, keys, name, {
      from: options.from ?? 'now',
      maxBacklog: options.maxBacklog,
      ackWaitMs: options.ackWaitMs,
      defaults: { maxBacklog: DEFAULT_BACKLOG, ackWaitMs: DEFAULT_ACK_WAIT_MS },
    });
    if (outcome === 'full') {
      throw new AppError(
        'too-many-subscriptions',
        `A queue can have at most ${MOST_SUBSCRIPTIONS} subscriptions. Delete one that you no longer need.`,
      );
    }
    return { isNew: outcome === 'made', subscription: await this.get(queue, name) };
  }

  /** @throws {AppError} subscription-not-found, as do all methods below. */
  async get(queue: string, name: string): Promise<Subscription> {
    const keys = this.#core.keySpace.queue(queue);
    const [state] = await subscriptionStates(this.#core.redis, keys, name);
    if (state === undefined) throw notFound(queue, name);
    return view(queue, state);
  }

  async list(queue: string): Promise<Subscription[]> {
    const keys = this.#core.keySpace.queue(queue);
    const states = await subscriptionStates(this.#core.redis, keys);
    return states.map((state) => view(queue, state));
  }

  async remove(queue: string, name: string): Promise<void> {
    const keys = this.#core.keySpace.queue(queue);
    if (!(await unsubscribe(this.#core.redis, keys, name))) throw notFound(queue, name);
  }

  /**
   * Delivers the next events; waits up to `waitMs` when there are none. Waiting readers are served in order.
   *
   * @throws {AppError} also too-many-waiters.
   */
  async read(
    queue: string,
    name: string,
    { max = DEFAULT_READ, waitMs = 0, types }: ReadEvents,
    requester: Requester,
  ): Promise<EventsRead> {
    const keys = this.#core.keySpace.queue(queue);
    const wanted = types && new Set<JobEvent['type']>(types);
    const readPage = async () => {
      const page = await readEventsPage(this.#core.redis, keys, name, max, wanted);
      if (page === undefined) throw notFound(queue, name);
      return page;
    };
    const first = await readPage();
    const { events, lost, isEmpty } =
      waitMs > 0 && hasNothing(first)
        ? ((await this.#wait(keys, name, waitMs, requester, readPage)) ?? first)
        : first;
    const isMore = events.length === 0 && !isEmpty;
    return { events, ...(lost > 0 && { lost }), ...(isMore && { more: true }) };
  }

  async #wait(
    keys: QueueKeys,
    name: string,
    waitMs: number,
    requester: Requester,
    readPage: () => Promise<ReadEventsPage>,
  ): Promise<ReadEventsPage | undefined> {
    const observeEnd = observeWait(this.#core, { on: 'subscription', queues: [keys.queue] }, waitMs);
    try {
      const page = await this.#waitingReaders.wait(keys, name, waitMs, requester, readPage, hasNothing);
      observeEnd(page === undefined ? 'stopped' : hasNothing(page) ? 'timed-out' : 'enough');
      return page;
    } catch (error) {
      observeEnd('failed');
      throw error;
    }
  }

  /** @throws {AppError} also invalid-request. */
  async ack(queue: string, name: string, acked: AckEvents): Promise<Acknowledged> {
    const keys = this.#core.keySpace.queue(queue);
    const result = await ackSubscription(this.#core.redis, keys, name, toAckList(acked));
    if (result === undefined) throw notFound(queue, name);
    return result;
  }

  /** Ends all waits: each waiting read returns without events. */
  stop(): void {
    this.#waitingReaders.stop();
  }
}

const hasNothing = ({ events, lost }: ReadEventsPage): boolean => events.length === 0 && lost === 0;

const notFound = (queue: string, name: string) =>
  new AppError(
    'subscription-not-found',
    `There is no subscription "${name}" to the queue "${queue}". Create it with PUT /queues/${queue}/subscriptions/${name}.`,
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
