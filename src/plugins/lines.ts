import type { Readable } from 'node:stream';
import { AppError } from '../errors.ts';

const NEWLINE = 0x0a;

/**
 * The lines of a body as it arrives, empty ones left out; never holds more than one line and one chunk.
 *
 * @throws {AppError} payload-too-large when a line is longer than `maxBytes`.
 */
export async function* readLines(body: Readable, maxBytes: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  const keep = (part: Buffer) => {
    size += part.length;
    if (size > maxBytes)
      throw new AppError('payload-too-large', `A line may have at most ${maxBytes} bytes.`);
    parts.push(part);
  };
  const flush = (): string => {
    const line = Buffer.concat(parts).toString('utf8').trim();
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, end));
      start = end + 1;
      const line = flush();
      if (line !== '') yield line;
    }
    keep(chunk.subarray(start));
  }
  const last = flush();
  if (last !== '') yield last;
}
