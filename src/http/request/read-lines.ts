import type { Readable } from 'node:stream';
import { AppError } from '../../errors.ts';
import { withoutMark } from './bom.ts';

export interface LineLimits {
  maxLineBytes: number;
  /** The most bytes of the whole body. Undefined: no limit. */
  maxBytes?: number | undefined;
}

/** A line, or why it cannot be read. */
export type Line = Buffer | AppError;

const NEWLINE = 0x0a;
const BLANKS: ReadonlySet<number> = new Set([0x09, 0x0d, 0x20]);

/**
 * Reads the lines of a body as they arrive and yields those of each chunk together, without blank ones. Holds at most
 * one line and one chunk. Drains what the caller does not read: a client that still sends would miss the response.
 *
 * @throws {AppError} payload-too-large if the body is too long; invalid-request if it breaks off.
 */
export async function* readLines(body: Readable, limits: LineLimits): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter(limits);
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      splitter.push(chunk);
      if (splitter.hasLines) yield splitter.takeLines();
    }
  } catch (error) {
    throw error instanceof AppError ? error : brokenOff(error);
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
  #lines: Line[] = [];
  /** The parts of the line that has not ended yet; none of a line that is too long. */
  #parts: Buffer[] = [];
  #lineBytes = 0;
  #bytes = 0;
  #isFirst = true;

  constructor({ maxLineBytes, maxBytes = Number.POSITIVE_INFINITY }: LineLimits) {
    this.#maxLineBytes = maxLineBytes;
    this.#maxBytes = maxBytes;
  }

  get hasLines(): boolean {
    return this.#lines.length > 0;
  }

  /** @throws {AppError} payload-too-large. */
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
    const whole = first !== undefined && this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
    const line = this.#isFirst ? withoutMark(whole) : whole;
    if (this.#lineBytes > this.#maxLineBytes) {
      this.#lines.push(tooLong(`The line has more than ${this.#maxLineBytes} bytes.`));
    } else if (!isBlank(line)) this.#lines.push(line);
    this.#isFirst = false;
    this.#parts = [];
    this.#lineBytes = 0;
  }

  takeLines(): Line[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  #add(part: Buffer): void {
    this.#lineBytes += part.length;
    if (this.#lineBytes <= this.#maxLineBytes) this.#parts.push(part);
    else this.#parts = [];
  }
}

const isBlank = (line: Buffer): boolean => line.every((byte) => BLANKS.has(byte));

const tooLong = (detail: string) => new AppError('payload-too-large', detail);

const brokenOff = (cause: unknown) =>
  new AppError('invalid-request', 'The connection was closed before the body was complete.', { cause });
