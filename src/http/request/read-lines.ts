import type { Readable } from 'node:stream';
import { AppError } from '../../errors.ts';

export interface LineLimits {
  maxLineBytes: number;
  /** The most bytes of the whole body. Undefined: no limit. */
  maxBytes?: number | undefined;
}

const NEWLINE = 0x0a;
const BLANKS: ReadonlySet<number> = new Set([0x09, 0x0d, 0x20]);

/**
 * Reads the lines of a body as they arrive and yields those of each chunk together, without blank ones. Holds at most
 * one line and one chunk. Drains what the caller does not read: a client that still sends would miss the response.
 *
 * @throws {AppError} payload-too-large if a line or the body is too long, after the lines before it.
 */
export async function* readLines(body: Readable, limits: LineLimits): AsyncGenerator<Buffer[]> {
  const splitter = new LineSplitter(limits);
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      splitter.push(chunk);
      if (splitter.hasLines) yield splitter.takeLines();
    }
  } catch (error) {
    if (splitter.hasLines) yield splitter.takeLines();
    throw error;
  } finally {
    body.resume();
  }
  splitter.endLine();
  if (splitter.hasLines) yield splitter.takeLines();
}

/** Splits chunks of bytes at newlines. */
class LineSplitter {
  readonly #maxLineBytes: number;
  readonly #maxBytes: number;
  #lines: Buffer[] = [];
  /** The parts of the line that has not ended yet. */
  #parts: Buffer[] = [];
  #lineBytes = 0;
  #bytes = 0;

  constructor({ maxLineBytes, maxBytes = Number.POSITIVE_INFINITY }: LineLimits) {
    this.#maxLineBytes = maxLineBytes;
    this.#maxBytes = maxBytes;
  }

  get hasLines(): boolean {
    return this.#lines.length > 0;
  }

  /** @throws {AppError} payload-too-large. The lines before the fault remain to be taken. */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) throw tooLong(`The body has more than ${this.#maxBytes} bytes.`);
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#add(chunk.subarray(start, end));
      start = end + 1;
      this.endLine();
    }
    this.#add(chunk.subarray(start));
  }

  endLine(): void {
    const [first] = this.#parts;
    const line = first !== undefined && this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#lineBytes = 0;
    if (!isBlank(line)) this.#lines.push(line);
  }

  takeLines(): Buffer[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  #add(part: Buffer): void {
    this.#lineBytes += part.length;
    if (this.#lineBytes > this.#maxLineBytes) {
      throw tooLong(`The line has more than ${this.#maxLineBytes} bytes.`);
    }
    this.#parts.push(part);
  }
}

const isBlank = (line: Buffer): boolean => line.every((byte) => BLANKS.has(byte));

const tooLong = (detail: string) => new AppError('payload-too-large', detail);
