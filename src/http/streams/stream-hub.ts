import type { Core } from '../../core/core.ts';
import { AppError } from '../../errors.ts';
import { Channel } from '../../events/channel.ts';
import { EventLog } from '../../events/event-log.ts';
import type { EventNotifier } from '../../events/notifier.ts';
import type { Position } from '../../events/position.ts';
import type { Reader } from '../../events/subscribers.ts';
import type { ServiceEvent } from '../../observer.ts';
import { isUnavailable } from '../../redis/faults.ts';
import type { EventResponse } from './stream-response.ts';

const HEARTBEAT_MS = 15_000;

/** What a stream is about: a queue, a job, or without both all queues. */
type StreamSubject = Pick<ServiceEvent & { kind: 'stream-opened' }, 'queue' | 'job'>;

/** All readers of events of the process. */
export class EventHub {
  readonly #core: Core;
  readonly #feed: EventNotifier;
  readonly #maxReaders: number;
  readonly #channels = new Map<string | undefined, Channel>();
  readonly #responses = new Set<EventResponse>();
  #heartbeat: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(core: Core, feed: EventNotifier, maxReaders: number) {
    this.#core = core;
    this.#feed = feed;
    this.#maxReaders = maxReaders;
  }

  /** The events of a queue, or of all. */
  source(queue: string | undefined): EventLog {
    return new EventLog(this.#core.redis, this.#core.keySpace, queue);
  }

  /** Whether somebody reads the events of the queue, or for undefined of all. */
  hasReaders(queue: string | undefined): boolean {
    return this.#channels.get(queue)?.isIdle === false;
  }

  /** @throws {AppError} too-many-waiters. */
  admit(response: EventResponse, subject: StreamSubject): void {
    if (this.#responses.size >= this.#maxReaders) {
      throw new AppError(
        'too-many-waiters',
        `${this.#maxReaders} clients read events already. Try again after Retry-After seconds.`,
      );
    }
    this.#responses.add(response);
    const { observe, clock } = this.#core;
    const openedAt = clock.monotonic();
    observe({ kind: 'stream-opened', ...subject });
    response.onDisconnect(() => {
      this.#responses.delete(response);
      const reason = response.dropReason ?? 'ended';
      observe({ kind: 'stream-closed', ...subject, reason, durationMs: clock.monotonic() - openedAt });
    });
    this.#heartbeat ??= setInterval(() => this.beat(), HEARTBEAT_MS).unref();
  }

  /** Tells a reader of all that comes after a place; resolves when it is up to date. It leaves with its response. */
  async serve(source: EventLog, response: EventResponse, reader: Reader, from: Position): Promise<void> {
    if (this.#isStopped) return response.drop('service-stops');
    // Its reader comes at once, so that no heartbeat finds it idle and forgets it.
    const channel = this.#channelOf(source);
    response.onDisconnect(() => channel.leave(reader));
    await channel.serve(reader, from).catch((error) => this.fail(response, error));
    if (response.isClosed) channel.leave(reader);
  }

  /** Ends a stream that cannot go on; its client goes on after the last event that it got. */
  fail(response: EventResponse, error: unknown): void {
    const isRedis = isUnavailable(error);
    if (!isRedis) this.#onDefect(error);
    response.drop(isRedis ? 'redis-unavailable' : 'internal-error');
  }

  readonly #onDefect = (error: unknown): void =>
    this.#core.observe({ kind: 'defect', where: 'event stream', error });

  #channelOf(source: EventLog): Channel {
    const known = this.#channels.get(source.queue);
    if (known !== undefined) return known;
    const { keySpace } = this.#core;
    const watch = (name: string, wake: () => void) => this.#feed.watch(keySpace.queue(name), wake);
    const channel = new Channel(source, watch, this.#onDefect);
    this.#channels.set(source.queue, channel);
    return channel;
  }

  /** A sign of life to all readers. */
  beat(): void {
    for (const [queue, channel] of this.#channels) {
      if (channel.isIdle) this.#channels.delete(queue);
      else channel.idle();
    }
  }

  /** Ends all streams, now and from now on. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#heartbeat);
    for (const response of this.#responses) response.drop('service-stops');
  }

  /** Resolves when nothing is read any more. */
  async close(): Promise<void> {
    this.stop();
    await Promise.all([...this.#channels.values()].map((channel) => channel.stop()));
  }
}
