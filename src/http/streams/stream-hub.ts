import type { Core } from '../../core/core.ts';
import { AppError } from '../../errors.ts';
import { Channel } from '../../events/channel.ts';
import { EventLog } from '../../events/event-log.ts';
import type { EventNotifier } from '../../events/notifier.ts';
import type { Position } from '../../events/position.ts';
import type { Reader } from '../../events/subscribers.ts';
import type { ServiceEvent } from '../../observer.ts';
import { isUnavailable } from '../../redis/faults.ts';
import type { VisibleQueues } from '../../schemas/values/visible-queues.ts';
import type { StreamResponse } from './stream-response.ts';

const HEARTBEAT_MS = 15_000;

/** What a stream is about: a queue, a job, or without both all queues. */
type StreamSubject = Pick<ServiceEvent & { kind: 'stream-opened' }, 'queue' | 'job'>;

/** Clients that may read the same queues share a channel. No name of a queue has a space. */
const channelName = (queue: string | undefined, visible?: VisibleQueues): string =>
  queue ?? `all ${visible?.key ?? ''}`;

/** All event streams of the process. */
export class StreamHub {
  readonly #core: Core;
  readonly #notifier: EventNotifier;
  readonly #maxReaders: number;
  readonly #channels = new Map<string, Channel>();
  readonly #responses = new Set<StreamResponse>();
  #heartbeat: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(core: Core, notifier: EventNotifier, maxReaders: number) {
    this.#core = core;
    this.#notifier = notifier;
    this.#maxReaders = maxReaders;
  }

  /** The events of a queue, or of all queues that the client may read. */
  logOf(queue: string | undefined, visible?: VisibleQueues): EventLog {
    return new EventLog(this.#core.redis, this.#core.keySpace, queue, visible);
  }

  /** Whether a client reads the events of the queue, or of all queues for undefined. */
  hasReaders(queue: string | undefined): boolean {
    return this.#channels.get(channelName(queue))?.isIdle === false;
  }

  /** Counts a response until it closes. @throws {AppError} too-many-waiters. */
  admit(response: StreamResponse, subject: StreamSubject): void {
    if (this.#responses.size >= this.#maxReaders) {
      throw new AppError(
        'too-many-waiters',
        `${this.#maxReaders} clients already read events, which is the limit. Try again after Retry-After seconds.`,
      );
    }
    this.#responses.add(response);
    const { observe, clock } = this.#core;
    const openedAt = clock.monotonic();
    observe({ kind: 'stream-opened', ...subject });
    response.onDisconnect(() => {
      this.#responses.delete(response);
      const reason = response.dropReason ?? 'ended';
      const durationMs = Math.round(clock.monotonic() - openedAt);
      observe({ kind: 'stream-closed', ...subject, reason, durationMs });
    });
    this.#heartbeat ??= setInterval(() => this.heartbeat(), HEARTBEAT_MS).unref();
  }

  /** Delivers all events after a position to a reader. Resolves when it is up to date. It leaves with its response. */
  async serve(log: EventLog, response: StreamResponse, reader: Reader, from: Position): Promise<void> {
    if (this.#isStopped) return response.drop('service-stops');
    // The reader joins in the same tick, so that no heartbeat finds the channel idle and drops it.
    const channel = this.#channelOf(log);
    response.onDisconnect(() => channel.leave(reader));
    await channel.serve(reader, from).catch((error) => this.fail(response, error));
    if (response.isClosed) channel.leave(reader);
  }

  /** Ends a stream after an error. The client reconnects after the last event that it got. */
  fail(response: StreamResponse, error: unknown): void {
    const isRedis = isUnavailable(error);
    if (!isRedis) this.onDefect(error);
    response.drop(isRedis ? 'redis-unavailable' : 'internal-error');
  }

  readonly onDefect = (error: unknown): void =>
    this.#core.observe({ kind: 'defect', where: 'event stream', error });

  #channelOf(log: EventLog): Channel {
    const name = channelName(log.queue, log.visible);
    const open = this.#channels.get(name);
    if (open !== undefined) return open;
    const { keySpace } = this.#core;
    const watch = (name: string, wake: () => void) => this.#notifier.watch(keySpace.queue(name), wake);
    const channel = new Channel(log, watch, this.onDefect);
    this.#channels.set(name, channel);
    return channel;
  }

  /** Sends a heartbeat to all readers. */
  heartbeat(): void {
    for (const [name, channel] of this.#channels) {
      if (channel.isIdle) this.#channels.delete(name);
      else channel.idle();
    }
  }

  /** Ends all streams, and those that come later. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#heartbeat);
    for (const response of this.#responses) response.drop('service-stops');
  }

  /** Resolves when no channel reads any more. */
  async close(): Promise<void> {
    this.stop();
    await Promise.all([...this.#channels.values()].map((channel) => channel.stop()));
  }
}
