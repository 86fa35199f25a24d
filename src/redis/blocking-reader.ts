import type { Connection } from './connection.ts';

/** UNBLOCK has no effect until the read has reached the server; it is sent again after this long. */
const UNBLOCK_RETRY_MS = 1;

/**
 * Runs one blocking read at a time on its own connection. Other callers can end the read early without losing its
 * reply: CLIENT UNBLOCK makes the server answer either with nothing or with the whole reply.
 *
 * States: idle -> reading (`read`) -> idle (reply, timeout, unblocked, or error).
 */
export class BlockingReader {
  readonly #blocking: Connection;
  readonly #commands: Connection;
  #clientId: number | undefined;
  /** Counts the reads. `#reading` tells whether the last one is still running. */
  #generation = 0;
  #reading = false;

  constructor(blocking: Connection, commands: Connection) {
    this.#blocking = blocking;
    this.#commands = commands;
    blocking.on('close', () => {
      this.#clientId = undefined;
    });
  }

  /** Runs one blocking command on the connection. Rejects when the command does. */
  async read<T>(command: (redis: Connection) => Promise<T>): Promise<T> {
    this.#generation += 1;
    this.#reading = true;
    try {
      this.#clientId ??= await this.#blocking.client('ID');
      return await command(this.#blocking);
    } finally {
      this.#reading = false;
    }
  }

  /** Ends the running read early. Returns at once when no read is running. */
  async interrupt(): Promise<void> {
    const generation = this.#generation;
    while (this.#reading && this.#generation === generation) {
      const id = this.#clientId;
      if (id !== undefined && (await this.#commands.client('UNBLOCK', id)) === 1) return;
      await new Promise((resolve) => setTimeout(resolve, UNBLOCK_RETRY_MS));
    }
  }
}
