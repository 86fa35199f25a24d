import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeGently } from './close-gently.ts';

/** A request that waits for its turn. */
interface Turn {
  readonly response: ServerResponse;
  readonly proceed: () => void;
}

/** A body must bring this many bytes between two looks, which is 240 a second, as other servers ask for. */
const MIN_BYTES = 1_200;
/** Looks in a row with less, after which a body is too slow. */
const MAX_SLOW_LOOKS = 3;

/** Most requests of a connection that wait. One chunk of bytes can bring 2,000, and Node keeps 4 KB for each. */
export const MAX_WAITING = 100;

/**
 * A connection of a client. Its requests run one after another: the next one starts when the client has taken the
 * answer before it. A client that does not read its answers thus costs the memory of one.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #waiting: Turn[] = [];
  /** The latest request that has started. */
  #latest: ServerResponse | undefined;
  /** Whether the last answer that is due says that the connection closes. */
  #isLast = false;
  #hasDropped = false;
  #bytesAtLook = 0;
  #slowLooks = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    const closeAtOnce = socket.destroySoon;
    // Node calls it after the last answer, whether or not the client still sends.
    socket.destroySoon = () => {
      if (this.#isRead) closeAtOnce.call(socket);
      else closeGently(socket);
    };
  }

  /** Calls `proceed` when it is the turn of the request; never if the connection closes before. */
  enter(response: ServerResponse, proceed: () => void): void {
    const latest = this.#latest;
    // Node gives a response its socket once the response before it is done. After `Connection: close` it gives none.
    const isFree =
      latest === undefined ||
      (response.socket !== null && latest.writableFinished && this.#waiting.length === 0);
    if (isFree) {
      this.#latest = response;
      proceed();
      return;
    }
    if (this.#waiting.length === MAX_WAITING) this.retire();
    if (this.#isLast) {
      this.#hasDropped = true;
      return;
    }
    this.#waiting.push({ response, proceed });
    if (this.#waiting.length > 1) return;
    latest.once('close', this.#advance);
    // Node's parser resumes the socket at the end of each request of a chunk.
    process.nextTick(() => {
      if (this.#waiting.length > 0) this.#socket.pause();
    });
  }

  /** Closes the connection after the last answer that is due. Drops requests that come after that. */
  retire(): void {
    const last = this.#waiting.at(-1)?.response ?? this.#latest;
    if (last === undefined || last.writableFinished) return;
    this.#isLast = true;
    if (last.headersSent) last.once('close', () => this.#socket.destroySoon());
    else last.shouldKeepAlive = false;
  }

  /** Whether a request has arrived and its answer is not taken yet. */
  get isBusy(): boolean {
    const latest = this.#latest;
    return this.#waiting.length > 0 || (latest?.req.complete === true && !latest.writableFinished);
  }

  /**
   * Whether a body has come too slowly for too long. Call it every five seconds: a limit of the whole time alone would let
   * clients hold connections with a byte now and then.
   */
  isTooSlow(): boolean {
    const { bytesRead } = this.#socket;
    const isSlow = this.#owesBody && bytesRead - this.#bytesAtLook < MIN_BYTES;
    this.#bytesAtLook = bytesRead;
    this.#slowLooks = isSlow ? this.#slowLooks + 1 : 0;
    return this.#slowLooks >= MAX_SLOW_LOOKS;
  }

  /** Whether the service waits for more of a body. It does not while bytes wait for the service. */
  get #owesBody(): boolean {
    const latest = this.#latest;
    if (latest === undefined || latest.req.complete || latest.writableEnded) return false;
    return latest.req.readableLength === 0 && !this.#socket.isPaused();
  }

  /** Whether the service has read all that the client has sent, as far as it knows. */
  get #isRead(): boolean {
    return this.#latest?.req.complete === true && this.#waiting.length === 0 && !this.#hasDropped;
  }

  readonly #advance = (): void => {
    // Other connections get their turn first.
    setImmediate(() => {
      const turn = this.#socket.destroyed ? undefined : this.#waiting.shift();
      if (turn === undefined) return;
      // The connection closes: no request may run any more (RFC 9112, 9.6), and its response would never end.
      if (turn.response.socket === null) {
        this.#waiting.length = 0;
        return;
      }
      this.#latest = turn.response;
      if (this.#waiting.length > 0) turn.response.once('close', this.#advance);
      else this.#socket.resume();
      turn.proceed();
    });
  };
}
