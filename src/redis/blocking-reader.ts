import type { Connection } from './connection.ts';

/**
 * One blocking read at a time on a connection of its own, which others may end early without losing what
 * it was about to return: the server is asked to unblock it, so that it answers either empty or in full.
 *
 * States: idle -> reading (`read`) -> idle (reply, time-out, unblocked, or error).
 */
export class BlockingReader {
  readonly #blocking: Connection;
  readonly #commands: Connection;
  #clientId: number | undefined;
  /** Counts reads; `#reading` says whether the last one is still out. */
  #generation = 0;
  #reading = false;

  constructor(blocking: Connection, commands: Connection) {
    this.#blocking = blocking;
    this.#commands = commands;
    blocking.on('close', () => {
      this.#clientId = undefined;
    });
  }

  /** Runs one blocking command on the connection; rejects as the command does. */
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

  /** Makes a read that is out now come back; returns at once when there is none. */
  async interrupt(): Promise<void> {
    const generation = this.#generation;
    while (this.#reading && this.#generation === generation) {
      const id = this.#clientId;
      // The read may not have reached the server yet: ask again until it is answered.
      if (id !== undefined && (await this.#commands.client('UNBLOCK', id)) === 1) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
