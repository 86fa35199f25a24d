import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Io } from '../io.ts';

/** Asks on a terminal; a program that has none has decided already. Ctrl-C and the end of the input are a no. */
export async function confirm(question: string, { input, err }: Io): Promise<boolean> {
  if (input.isTTY !== true || !err.isTerminal) return true;
  await err.write(`${question} [y/N] `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: false });
  const [line = ''] = await Promise.race([
    lines[Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [String(value ?? '')]),
    new Promise<string[]>((resolve) => process.once('SIGINT', () => resolve(['']))),
  ]);
  lines.close();
  return /^y(es)?$/i.test(line.trim());
}
