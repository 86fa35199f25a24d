import type { Socket } from 'node:net';
import { answerClientError } from '../client-errors.ts';
import { Connection } from './connection.ts';

/** The open connections of an API. */
export class Connections {
  readonly #open = new Map<Socket, Connection>();

  /** The connection of a socket. */
  of(socket: Socket): Connection {
    const known = this.#open.get(socket);
    if (known !== undefined) return known;
    const connection = new Connection(socket);
    this.#open.set(socket, connection);
    socket.once('close', () => this.#open.delete(socket));
    return connection;
  }

  get size(): number {
    return this.#open.size;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /**
   * From now on a connection whose client has not taken all of its answer is closed once it takes nothing for `silenceMs`.
   * Node's own time-out, set for all connections, makes each request cost a tenth more.
   */
  boundUnread(silenceMs: number): void {
    for (const socket of this.#open.keys()) {
      // An event stream has set its own time-out. Node replaces ours at the end of the answer.
      if (socket.writableLength > 0 && !socket.timeout) socket.setTimeout(silenceMs);
    }
  }

  /** Closes connections whose body comes too slowly, with 408. Call it every five seconds. */
  closeSlow(): void {
    for (const [socket, connection] of this.#open) if (connection.isTooSlow()) answerTimeout(socket);
  }

  /** Closes each connection that is busy after the answers that are due. */
  retire(): void {
    for (const connection of this.#open.values()) connection.retire();
  }

  /** Closes connections on which nothing has come since they were opened. */
  closeSilent(): void {
    for (const socket of this.#open.keys()) if (socket.bytesRead === 0) socket.destroy();
  }

  /** Closes connections that are not busy. One whose request has not arrived in full gets 408. */
  closeUnfinished(): void {
    for (const [socket, connection] of this.#open) {
      if (connection.isBusy) continue;
      if (socket.bytesRead === 0 || socket.writableEnded) socket.destroy();
      else answerTimeout(socket);
    }
  }
}

const answerTimeout = (socket: Socket): void =>
  answerClientError(Object.assign(new Error(), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket);
