import type { ServerResponse } from 'node:http';
import { type EventFormat, frame } from '../../events/event-chunk.ts';
import type { DroppedMessage, DropReason } from '../../schemas/event-stream.ts';

/** Bytes that may wait for a reader; one for whom more do is dropped, and can go on from where it was. */
const MAX_BUFFERED = 1_048_576;
/** Heartbeats without a byte taken by a reader for whom some wait. */
const MAX_STALLED = 2;
/** How long the end of a stream waits for a client that takes nothing, ms. */
const MAX_SILENCE_MS = 30_000;
/** How long a reader that is dropped may take to read why, ms. */
const LAST_WORDS_MS = 5_000;
/** After which time an EventSource comes back, ms. */
const RETRY_MS = 1_000;

const MEDIA: Readonly<Record<EventFormat, string>> = {
  sse: 'text/event-stream; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** An answer that goes on: messages of Server-Sent Events (HTML standard, 9.2), or lines of JSON. */
export class EventResponse {
  readonly format: EventFormat;
  readonly #raw: ServerResponse;
  #isClosed: boolean;
  readonly #maxSilenceMs: number;
  #dropReason: DropReason | undefined;
  #taken = 0;
  #stalled = 0;

  constructor(raw: ServerResponse, format: EventFormat, maxSilenceMs = MAX_SILENCE_MS) {
    this.#raw = raw;
    this.format = format;
    this.#maxSilenceMs = maxSilenceMs;
    this.#isClosed = raw.closed;
  }

  /** No more can be written. */
  get isClosed(): boolean {
    return this.#isClosed || this.#raw.destroyed;
  }

  /** Why the service has ended the stream before its end. */
  get dropReason(): DropReason | undefined {
    return this.#dropReason;
  }

  /** Calls `gone` once the connection is over, also if it is already. */
  onDisconnect(gone: () => void): void {
    const close = () => {
      this.#isClosed = true;
      gone();
    };
    if (this.#raw.closed) close();
    else this.#raw.once('close', close);
  }

  /** @param id where a reader that comes back before the first event goes on. */
  open(id: string | undefined): void {
    this.#raw.shouldKeepAlive = false;
    this.#raw.writeHead(200, {
      'content-type': MEDIA[this.format],
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (this.format === 'sse') this.write(`retry: ${RETRY_MS}\n${id === undefined ? '' : `id: ${id}\n`}\n`);
    else this.#raw.flushHeaders();
  }

  write(text: Buffer | string): void {
    if (this.isClosed || text.length === 0) return;
    // What waits before it: a message may be long by itself.
    if (this.#raw.writableLength > MAX_BUFFERED) this.drop('too-slow');
    else this.#raw.write(text);
  }

  message(type: string, id: string, data: object): void {
    this.write(frame(this.format, type, id, JSON.stringify(data)));
  }

  /** Tells that the connection lives; an id tells that nothing of interest came up to it. */
  heartbeat(id: string | undefined): void {
    const { socket, writableLength } = this.#raw;
    // Node counts what waits here as written.
    const taken = (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
    this.#stalled = writableLength > 0 && taken === this.#taken ? this.#stalled + 1 : 0;
    this.#taken = taken;
    if (this.#stalled >= MAX_STALLED) this.drop('stalled');
    // What waits is a sign of life itself.
    else if (writableLength > 0) return;
    else if (this.format === 'ndjson') this.write('\n');
    else this.write(id === undefined ? ':\n\n' : `:\nid: ${id}\n\n`);
  }

  /** Resolves when what was written is on its way, or the connection is over. */
  ready(): Promise<void> {
    if (this.isClosed || !this.#raw.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#raw.off('drain', done);
        this.#raw.off('close', done);
        resolve();
      };
      this.#raw.once('drain', done);
      this.#raw.once('close', done);
    });
  }

  /** The end, as it should be; it may be long, but not wait for ever for who takes nothing. */
  end(): void {
    this.#isClosed = true;
    this.#raw.setTimeout(this.#maxSilenceMs, () => this.#raw.destroy());
    this.#raw.end();
  }

  /** Ends the stream with the reason, if the reader still takes it. One that ends already ends soon when the service stops. */
  drop(reason: DropReason): void {
    // One that is not open yet is refused where it would be opened.
    if (this.#raw.closed || !this.#raw.headersSent) return;
    if (this.isClosed && reason !== 'service-stops') return;
    if (!this.isClosed) {
      this.#isClosed = true;
      this.#dropReason = reason;
      const dropped: DroppedMessage = { type: 'dropped', reason };
      const data = JSON.stringify(dropped);
      // No id: a reader that comes back goes on after the last event.
      this.#raw.end(this.format === 'sse' ? `event: dropped\ndata: ${data}\n\n` : `${data}\n`);
    }
    const force = setTimeout(() => this.#raw.destroy(), LAST_WORDS_MS);
    this.#raw.once('close', () => clearTimeout(force));
  }
}
