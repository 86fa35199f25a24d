import type { Connection } from '../connection.ts';

/** What a read of streams brought. */
export type StreamEntries = [stream: string, entries: [id: string, fields: string[] | null][]][];

/** A read that blocks until one of the streams has entries. */
export interface StreamRead {
  readonly streams: readonly string[];
  /** The ids after which the streams are read, in their order. Absent for a consumer group, which knows what is new. */
  readonly after?: readonly string[];
  /** Most ms to block. */
  readonly blockMs: number;
  /** Reads some of the streams on one server. Blocks for at most `blockMs`; with 0 it does not block. */
  readonly run: (
    redis: Connection,
    streams: readonly string[],
    blockMs: number,
  ) => Promise<StreamEntries | null>;
  /** Gets what comes between two reads. Without it that is dropped: the next read has to bring it again. */
  readonly onEarly?: (entries: StreamEntries) => void;
}

/** Runs one read at a time, on connections of its own. In a Cluster parts of it stay open until the next one. */
export interface StreamReader {
  /** Resolves to nothing when no entry came in time, and when the read was interrupted. Rejects when Redis does. */
  read(read: StreamRead): Promise<StreamEntries>;
  /** Ends the running read early, without losing what it brings. Returns at once when no read is running. */
  interrupt(): Promise<void>;
  /** Ends also what stays open between reads. Resolves once nothing is open, and what came has been told. */
  endReads(): Promise<void>;
  /** Resolves once reads can be sent, or after `deadlineMs`. */
  whenReady(deadlineMs: number): Promise<unknown>;
  /** Closes the connections. */
  disconnect(): void;
}
