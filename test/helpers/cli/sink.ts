import type { Io, Sink } from '../../../src/cli/io.ts';
import { paintFor } from '../../../src/cli/output/paint.ts';
import { run } from '../../../src/cli/run.ts';
import type { Outcome } from './run-cli.ts';

/** Keeps what is written. */
export function keepingSink(isTerminal: boolean, columns = 80): Sink & { readonly text: () => string } {
  let text = '';
  return {
    write: async (part) => {
      text += part;
    },
    isTerminal,
    paint: paintFor(false),
    columns: () => columns,
    text: () => text,
  };
}

type KeepingSink = ReturnType<typeof keepingSink>;

export const keepingIo = (
  isTerminal: boolean,
): Io & { readonly out: KeepingSink; readonly err: KeepingSink } => ({
  out: keepingSink(isTerminal),
  err: keepingSink(isTerminal),
  input: process.stdin,
  onUnwritable: () => {},
});

/** Runs a command line in this process. */
export async function runHere(words: readonly string[]): Promise<Outcome> {
  const io = keepingIo(false);
  const code = await run(words, io);
  return { code, stdout: io.out.text(), stderr: io.err.text() };
}
