import type { Readable } from 'node:stream';
import { type Paint, paintFor } from './output/paint.ts';

/** Where text goes. */
export interface Sink {
  /** Waits while the reader is slow. */
  write(text: string): Promise<void>;
  /** Whether people read it on a terminal that can move its cursor. */
  readonly isTerminal: boolean;
  readonly paint: Paint;
  readonly columns: () => number;
}

/** What a command reads and writes. */
export interface Io {
  readonly out: Sink;
  /** Messages, questions and progress: never what was asked for. */
  readonly err: Sink;
  readonly input: Readable & { readonly isTTY?: boolean };
}

const DEFAULT_COLUMNS = 80;

/** The streams of this process. A reader that goes away, such as `head`, ends the program without an error. */
export function processIo(env: NodeJS.ProcessEnv): Io {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
  return { out: sinkOf(process.stdout, env), err: sinkOf(process.stderr, env), input: process.stdin };
}

function sinkOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Sink {
  const isTerminal = stream.isTTY === true && env['TERM'] !== 'dumb';
  return {
    write: (text) => new Promise((resolve) => stream.write(text, () => resolve())),
    isTerminal,
    // NO_COLOR: https://no-color.org.
    paint: paintFor(isTerminal && !env['NO_COLOR']),
    columns: () => stream.columns ?? DEFAULT_COLUMNS,
  };
}
