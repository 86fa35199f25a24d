import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { usageError } from '../../exits.ts';
import type { Io } from '../../io.ts';
import { linesOf } from './lines.ts';

/** Lines of a file that are sent together. */
export interface Piece {
  /** The numbers of its lines, counted from 1. Empty lines are left out. */
  readonly numbers: readonly number[];
  readonly lines: readonly string[];
  /** Where the piece after it begins. */
  readonly nextLine: number;
  /** Bytes of the file up to its end. */
  readonly readBytes: number;
  /** Bytes of the file before the first line that is sent. */
  readonly skippedBytes: number;
}

const MOST_LINES = 1_000;
const MOST_CHARACTERS = 512 * 1_024;

export interface LinesSource {
  readonly input: Readable;
  /** Undefined for standard input. */
  readonly totalBytes: number | undefined;
}

/** Opens a file, or standard input for `-`. */
export async function openLines(file: string, { input }: Pick<Io, 'input'>): Promise<LinesSource> {
  if (file === '-') return { input, totalBytes: undefined };
  const found = await stat(file).catch((error: Error) => {
    throw usageError(`The file cannot be read: ${error.message}`);
  });
  if (found.isDirectory())
    throw usageError(`${JSON.stringify(file)} is a folder. Name a file with a line for each job.`);
  return { input: createReadStream(file), totalBytes: found.size };
}

/**
 * Pieces of bounded size from a line on, until `stop`. The same file from the same line on gives the same pieces.
 *
 * @throws {CliError} for what cannot be read, or is not UTF-8
 */
export async function* piecesOf(input: Readable, fromLine: number, stop: AbortSignal): AsyncGenerator<Piece> {
  let numbers: number[] = [];
  let lines: string[] = [];
  let characters = 0;
  let number = 0;
  let readBytes = 0;
  let skippedBytes = 0;
  const piece = (nextLine: number): Piece => ({ numbers, lines, nextLine, readBytes, skippedBytes });
  for await (const line of linesOf(input, stop)) {
    number += 1;
    const isFull = lines.length === MOST_LINES || characters + line.length > MOST_CHARACTERS;
    if (isFull && lines.length > 0) {
      yield piece(number);
      numbers = [];
      lines = [];
      characters = 0;
    }
    readBytes += Buffer.byteLength(line) + 1;
    if (number < fromLine) skippedBytes = readBytes;
    if (number < fromLine || line.trim() === '') continue;
    numbers.push(number);
    lines.push(line);
    characters += line.length;
  }
  if (lines.length > 0) yield piece(number + 1);
}
