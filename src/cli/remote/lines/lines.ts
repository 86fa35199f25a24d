import { addAbortSignal, type Readable } from 'node:stream';
import { usageError } from '../../exits.ts';

const LF = 10;

/**
 * The lines of a file or of standard input, without their ends.
 *
 * @param stop ends the wait for a line
 * @throws {CliError} for what cannot be read, or is not UTF-8
 */
export async function* linesOf(input: Readable, stop: AbortSignal): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let number = 0;
  const decode = (parts: readonly Buffer[]): string => {
    number += 1;
    try {
      return decoder.decode(Buffer.concat(parts)).replace(/\r$/, '');
    } catch {
      throw usageError(`Line ${number} is not UTF-8. Convert the text first, such as with iconv.`);
    }
  };
  let rest: Buffer[] = [];
  for await (const chunk of chunksOf(input, stop)) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      yield decode([...rest, chunk.subarray(start, end)]);
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length > 0 && !stop.aborted) yield decode(rest);
  return undefined;
}

async function* chunksOf(input: Readable, stop: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of addAbortSignal(stop, input)) yield Buffer.from(chunk);
  } catch (error) {
    if (stop.aborted) return;
    throw usageError(`The lines cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
