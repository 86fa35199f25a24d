import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Called with the status and the bytes of the body, which are only there during the call. */
export type OnAnswer = (status: number, body: Buffer) => void;

export interface RequestParts {
  readonly method: string;
  readonly path: string;
  readonly contentType?: string;
  /** An access key. */
  readonly key?: string;
  readonly body?: string;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('content-length: ');
const STATUS_AT = 'HTTP/1.1 '.length;
const ZERO = 0x30;
const NINE = 0x39;

/** A request as it goes over the wire, to be made once and sent often. */
export function requestBytes({ method, path, contentType, key, body = '' }: RequestParts): Buffer {
  const type = contentType === undefined ? '' : `content-type: ${contentType}\r\n`;
  const length = body === '' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`;
  const caller = key === undefined ? '' : `authorization: Bearer ${key}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${caller}${type}${length}\r\n${body}`);
}

/**
 * A keep-alive connection for one request at a time. It reads of an answer no more than status, length and body
 * (an answer in chunks is a fault), so that the load costs far less than the server that is measured.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #onAnswer: OnAnswer | undefined;
  /** Bytes of an answer whose end has not come yet. */
  #rest: Buffer | undefined;

  private constructor(socket: Socket, onFault: (error: Error) => void) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', onFault);
    socket.on('close', () => {
      if (this.#onAnswer !== undefined)
        onFault(new Error('The server closed a connection before it answered.'));
    });
  }

  static async open(port: number, onFault: (error: Error) => void): Promise<HttpConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new HttpConnection(socket, onFault);
  }

  send(request: Buffer, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(request);
  }

  close(): void {
    this.#onAnswer = undefined;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = bytes;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const bodyAt = headEnd + HEAD_END.length;
    const length = bodyLength(bytes, headEnd);
    if (length === undefined) {
      this.#socket.destroy(new Error(`An answer has no length: ${bytes.toString('latin1', 0, headEnd)}`));
      return;
    }
    if (bytes.length < bodyAt + length) return;
    this.#rest = undefined;
    const onAnswer = this.#onAnswer;
    this.#onAnswer = undefined;
    onAnswer?.(digits(bytes, STATUS_AT), bytes.subarray(bodyAt, bodyAt + length));
  }
}

/** As the header says, or undefined where it says nothing. */
function bodyLength(bytes: Buffer, headEnd: number): number | undefined {
  const at = bytes.indexOf(LENGTH);
  return at === -1 || at > headEnd ? undefined : digits(bytes, at + LENGTH.length);
}

/** The decimal number at this place. */
function digits(bytes: Buffer, at: number): number {
  let value = 0;
  for (let i = at; i < bytes.length; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte < ZERO || byte > NINE) break;
    value = value * 10 + byte - ZERO;
  }
  return value;
}
