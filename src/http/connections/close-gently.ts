import type { Socket } from 'node:net';

/** How much a closing connection still reads, so that the client reads its answer before it meets a closed connection. */
export interface DrainBounds {
  readonly bytes: number;
  readonly totalMs: number;
  /** The longest pause between two chunks. */
  readonly silenceMs: number;
}

export const DRAIN_BOUNDS: DrainBounds = { bytes: 67_108_864, totalMs: 30_000, silenceMs: 5_000 };

/**
 * Closes a connection whose client may still send (RFC 9112, 9.6): ends the answer, reads and drops what still comes,
 * and closes when the client has closed or a bound is reached. Bytes that are left unread would reset the connection,
 * and the client would lose the answer.
 */
export function closeGently(socket: Socket, bounds = DRAIN_BOUNDS): void {
  if (socket.destroyed) return;
  const cut = () => socket.destroy();
  const timer = setTimeout(cut, bounds.totalMs);
  socket.once('error', cut);
  socket.once('close', () => clearTimeout(timer));
  socket.setTimeout(bounds.silenceMs, cut);
  socket.end();
  if (!socket.isPaused()) {
    drain(socket, bounds.bytes);
    return;
  }
  // Node's parser starts the reading of its own socket: only after that another reader can take over.
  socket.once('resume', () => drain(socket, bounds.bytes));
  socket.resume();
}

/** Reads and drops. Node's parser gets nothing more: what still comes must not run as a request. */
function drain(socket: Socket, maxBytes: number): void {
  let dropped = 0;
  socket.removeAllListeners('data');
  socket.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > maxBytes) socket.destroy();
  });
}
