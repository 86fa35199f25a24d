import type { ServerResponse } from 'node:http';
import { type EventFormat, frame } from '../../events/event-chunk.ts';
import type { DroppedMessage, DropReason } from '../../schemas/event-stream.ts';
import { printJson } from '../../schemas/json/json-text.ts';

/** The most bytes that wait for a reader. Beyond it the reader is dropped, and can resume. */
const MAX_BUFFERED = 1_048_576;
/** Heartbeats after which a reader is dropped if bytes wait and it takes none. */
const MAX_STALLED_HEARTBEATS = 2;
/** How long a stream that ends waits for a client that takes nothing, ms. */
const MAX_SILENCE_MS = 30_000;
/** How long a dropped reader has to read the reason, ms. */
const DROP_GRACE_MS = 5_000;
/** How long an EventSource waits before it reconnects, ms. */
const RETRY_MS = 1_000;

const MEDIA: Readonly<Record<EventFormat, string>> = {
  sse: 'text/event-stream; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** A streamed response: Server-Sent Events (HTML standard, 9.2) or lines of JSON. */
export class StreamResponse {
  readonly format: EventFormat;
  readonly #raw: ServerResponse;
  #isClosed: boolean;
  readonly #maxSilenceMs: number;
  #dropReason: DropReason | undefined;
  #takenBytes = 0;
  #stalledHeartbeats = 0;

  constructor(raw: ServerResponse, format: EventFormat, maxSilenceMs = MAX_SILENCE_MS) {
    this.#raw = raw;
    this.format = format;
    this.#maxSilenceMs = maxSilenceMs;
    this.#isClosed = raw.closed;
  }

  /** Whether nothing more can be written. */
  get isClosed(): boolean {
    return this.#isClosed || this.#raw.destroyed;
  }

  /** Why the service has ended the stream before its end. */
  get dropReason(): DropReason | undefined {
    return this.#dropReason;
  }

  /** Calls back once the connection is closed, or now if it is. */
  onDisconnect(onDisconnect: () => void): void {
    const close = () => {
      this.#isClosed = true;
      onDisconnect();
    };
    if (this.#raw.closed) close();
    else this.#raw.once('close', close);
  }

  /** @param id where a client resumes if it reconnects before the first event. */
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
    // Only earlier bytes count: a single message may be longer than the limit.
    if (this.#raw.writableLength > MAX_BUFFERED) this.drop('too-slow');
    else this.#raw.write(text);
  }

  /** @param id undefined for a message after which a client resumes as before it. */
  message(type: string, id: string | undefined, data: object): void {
    this.write(frame(this.format, type, id, printJson(data)));
  }

  /** Keeps the connection alive. An id says that no event of interest came up to it. */
  heartbeat(id: string | undefined): void {
    const { socket, writableLength } = this.#raw;
    // bytesWritten includes the bytes that wait in the socket.
    const takenBytes = (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
    this.#stalledHeartbeats =
      writableLength > 0 && takenBytes === this.#takenBytes ? this.#stalledHeartbeats + 1 : 0;
    this.#takenBytes = takenBytes;
    if (this.#stalledHeartbeats >= MAX_STALLED_HEARTBEATS) this.drop('stalled');
    // Bytes that wait keep the connection alive themselves.
    else if (writableLength > 0) return;
    else if (this.format === 'ndjson') this.write('\n');
    else this.write(id === undefined ? ':\n\n' : `:\nid: ${id}\n\n`);
  }

  /** Resolves when the response can take more, or is closed. */
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

  /** Ends the stream after all bytes are sent. A client that takes none is cut off after a while. */
  end(): void {
    this.#isClosed = true;
    this.#raw.setTimeout(this.#maxSilenceMs, () => this.#raw.destroy());
    this.#raw.end();
  }

  /** Ends the stream with a reason. Cuts off a client that does not read it, and one that still ends at a stop. */
  drop(reason: DropReason): void {
    // A stream that is not open yet gets a problem instead.
    if (this.#raw.closed || !this.#raw.headersSent) return;
    if (this.isClosed && reason !== 'service-stops') return;
    if (!this.isClosed) {
      this.#isClosed = true;
      this.#dropReason = reason;
      const dropped: DroppedMessage = { type: 'dropped', reason };
      const data = JSON.stringify(dropped);
      // Without an id: the client resumes after its last event.
      this.#raw.end(this.format === 'sse' ? `event: dropped\ndata: ${data}\n\n` : `${data}\n`);
    }
    const force = setTimeout(() => this.#raw.destroy(), DROP_GRACE_MS);
    this.#raw.once('close', () => clearTimeout(force));
  }
}
