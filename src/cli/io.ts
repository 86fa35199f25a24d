import type { Readable } from 'node:stream';
import { EXIT } from './exits.ts';
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
  /** Replaces the end of the program, at once, when the output can no longer be written: after `| head -1`, or on a full disk. */
  onUnwritable(handler: (exitCode: number) => void): void;
}

const DEFAULT_COLUMNS = 80;

/** The streams of this process. A reader that goes away, such as `head`, ends a command that only reads without an error. */
export function processIo(env: NodeJS.ProcessEnv): Io {
  let onUnwritable = (exitCode: number): void => {
    process.exit(exitCode === EXIT.brokenPipe ? EXIT.done : exitCode);
  };
  // Nobody can be told. The command goes on: its exit code still tells.
  process.stderr.on('error', () => {});
  process.stdout.once('error', ({ code, message }: NodeJS.ErrnoException) => {
    process.stdout.on('error', () => {});
    const isGone = code === 'EPIPE';
    if (!isGone) process.stderr.write(`millrace: The output cannot be written: ${message}\n`);
    onUnwritable(isGone ? EXIT.brokenPipe : EXIT.unwritable);
  });
  return {
    out: sinkOf(process.stdout, env),
    err: sinkOf(process.stderr, env),
    input: process.stdin,
    onUnwritable: (handler) => {
      onUnwritable = handler;
    },
  };
}

function sinkOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Sink {
  const isTerminal = stream.isTTY === true && env['TERM'] !== 'dumb';
  return {
    write: (text) => new Promise((resolve) => stream.write(text, () => resolve())),
    isTerminal,
    // NO_COLOR: https://no-color.org.
    paint: paintFor(isTerminal && !env['NO_COLOR']),
    // A terminal may say 0 before it knows its size.
    columns: () => stream.columns || DEFAULT_COLUMNS,
  };
}
