import { connect, type Socket } from 'node:net';

/** What a slow client never ends: the headers of a request, its body, or its silence. */
export type Slowness = 'silence' | 'headers' | 'body' | 'chunks';

const STARTS: Readonly<Record<Slowness, string>> = {
  silence: '',
  headers: 'POST /jobs HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
  body: 'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"task":"',
  chunks:
    'POST /jobs/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n',
};

/** A connection that begins a request and then sends a byte now and then. */
export class SlowClient {
  readonly socket: Socket;
  /** Resolves when it is connected, or has failed. */
  readonly connected: Promise<void>;
  readonly #slowness: Slowness;
  received = '';
  isClosed = false;

  constructor(port: number, slowness: Slowness) {
    this.#slowness = slowness;
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.connected = new Promise((resolve) => {
      this.socket.once('connect', resolve);
      this.socket.once('close', () => resolve());
    });
    this.socket.on('data', (chunk) => {
      this.received += chunk;
    });
    this.socket.once('close', () => {
      this.isClosed = true;
    });
    if (STARTS[slowness] !== '') this.socket.write(STARTS[slowness]);
  }

  /** Sends the next byte; of a chunked body the next chunk. */
  drip(): void {
    if (this.isClosed || this.#slowness === 'silence' || !this.socket.writable) return;
    this.socket.write(this.#slowness === 'chunks' ? '1\r\nx\r\n' : 'x');
  }
}
