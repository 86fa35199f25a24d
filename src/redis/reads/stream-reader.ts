import type { ServerConnection } from '../connection.ts';

/** What a read of streams brought. */
export type StreamEntries = [stream: string, entries: [id: string, fields: string[] | null][]][];

/** A read that blocks until one of the streams has entries. */
export interface StreamRead {
  readonly streams: readonly string[];
  /** Most ms to block. */
  readonly blockMs: number;
  /** Reads some of the streams on one server. Blocks for at most `blockMs`, more than 0. */
  readonly run: (
    redis: ServerConnection,
    streams: readonly string[],
    blockMs: number,
  ) => Promise<StreamEntries | null>;
}

/** Runs one blocking read at a time, on connections of its own. */
export interface StreamReader {
  /** Resolves to nothing when no entry came in time, and when the read was interrupted. Rejects when Redis does. */
  read(read: StreamRead): Promise<StreamEntries>;
  /** Ends the running read early, without losing what it brings. Returns at once when no read is running. */
  interrupt(): Promise<void>;
  /** Resolves once reads can be sent, or after `deadlineMs`. */
  whenReady(deadlineMs: number): Promise<unknown>;
  /** Closes the connections. */
  disconnect(): void;
}
