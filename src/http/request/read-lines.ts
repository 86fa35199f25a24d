import type { Readable } from 'node:stream';
import { AppError } from '../../errors.ts';

export interface LineLimits {
  maxLineBytes: number;
  /** Of the whole body; no limit when undefined. */
  maxBytes?: number | undefined;
}

const NEWLINE = 0x0a;
const BLANKS: ReadonlySet<number> = new Set([0x09, 0x0d, 0x20]);

/**
 * The lines of a body as it arrives, blank ones left out, all of a chunk together; never holds more than one line and one
 * chunk. What the caller does not read is drained, so that the answer gets through to a client that still sends.
 *
 * @throws {AppError} payload-too-large when a line, or the body, is too long.
 */
export async function* readLines(body: Readable, limits: LineLimits): AsyncGenerator<Buffer[]> {
  const { maxLineBytes, maxBytes = Number.POSITIVE_INFINITY } = limits;
  let parts: Buffer[] = [];
  let size = 0;
  let total = 0;
  const keep = (part: Buffer) => {
    size += part.length;
    if (size > maxLineBytes) throw tooLong(`A line may have at most ${maxLineBytes} bytes.`);
    parts.push(part);
  };
  const flush = (): Buffer => {
    const [first] = parts;
    const line = first !== undefined && parts.length === 1 ? first : Buffer.concat(parts);
    parts = [];
    size = 0;
    return line;
  };
  let lines: Buffer[] = [];
  const take = (): Buffer[] => {
    const taken = lines;
    lines = [];
    return taken;
  };
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      total += chunk.length;
      if (total > maxBytes) throw tooLong(`The lines may have at most ${maxBytes} bytes together.`);
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        keep(chunk.subarray(start, end));
        start = end + 1;
        const line = flush();
        if (!isBlank(line)) lines.push(line);
      }
      keep(chunk.subarray(start));
      if (lines.length > 0) yield take();
    }
  } catch (error) {
    // What was read before a line that is too long is as good as ever.
    if (lines.length > 0) yield take();
    throw error;
  } finally {
    body.resume();
  }
  const last = flush();
  if (!isBlank(last)) yield [last];
}

const isBlank = (line: Buffer): boolean => line.every((byte) => BLANKS.has(byte));

const tooLong = (detail: string) => new AppError('payload-too-large', detail);
