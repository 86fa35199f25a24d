import type { Io, Sink } from '../../../src/cli/io.ts';
import { paintFor } from '../../../src/cli/output/paint.ts';

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

export const keepingIo = (isTerminal: boolean): Io & { readonly out: ReturnType<typeof keepingSink> } => ({
  out: keepingSink(isTerminal),
  err: keepingSink(isTerminal),
  input: process.stdin,
});
