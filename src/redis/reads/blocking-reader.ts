import { whenReady } from '../connect.ts';
import type { Connection, ServerConnection } from '../connection.ts';
import { isRefused } from '../faults.ts';
import type { StreamEntries, StreamRead, StreamReader } from './stream-reader.ts';

/** UNBLOCK has no effect until the read has reached the server: it is sent again, each time after twice as long. */
const FIRST_RETRY_MS = 1;
const MAX_RETRY_MS = 50;

/**
 * Runs one blocking read at a time on its own connection. Other callers can end the read early without losing its
 * reply: CLIENT UNBLOCK makes the server answer either with nothing or with the whole reply.
 *
 * States: idle -> reading (`read`) -> idle (reply, timeout, unblocked, or error).
 */
export class BlockingReader implements StreamReader {
  readonly #blocking: ServerConnection;
  readonly #commands: Connection;
  #clientId: number | undefined;
  /** Counts the reads. `#reading` tells whether the last one is still running. */
  #generation = 0;
  #reading = false;
  /** The user of Redis may not end reads: each then ends by its own BLOCK. Asked again on the next connection. */
  #isRefused = false;

  constructor(blocking: ServerConnection, commands: Connection) {
    this.#blocking = blocking;
    this.#commands = commands;
    blocking.on('close', () => {
      this.#clientId = undefined;
      this.#isRefused = false;
    });
  }

  async read({ streams, blockMs, run }: StreamRead): Promise<StreamEntries> {
    this.#generation += 1;
    this.#reading = true;
    try {
      this.#clientId ??= await this.#blocking.client('ID');
      return (await run(this.#blocking, streams, blockMs)) ?? [];
    } finally {
      this.#reading = false;
    }
  }

  /** Ends the running read early. Returns at once when no read is running, or Redis does not let this user end one. */
  async interrupt(): Promise<void> {
    const generation = this.#generation;
    const isRunning = () => this.#reading && this.#generation === generation && !this.#isRefused;
    for (let waitMs = FIRST_RETRY_MS; isRunning(); waitMs = Math.min(2 * waitMs, MAX_RETRY_MS)) {
      const id = this.#clientId;
      if (id !== undefined && (await this.#unblock(id))) return;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  endReads(): Promise<void> {
    return this.interrupt();
  }

  async #unblock(id: number): Promise<boolean> {
    try {
      return (await this.#commands.client('UNBLOCK', id)) === 1;
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.#isRefused = true;
      return false;
    }
  }

  whenReady(deadlineMs: number): Promise<boolean> {
    return whenReady(this.#blocking, deadlineMs);
  }

  disconnect(): void {
    this.#blocking.disconnect();
  }
}
