import { isAscii, isUtf8 } from 'node:buffer';
import { AppError, invalidRequest } from '../../errors.ts';
import { jsonFault } from '../../schemas/json/json-fault.ts';
import { parseAround } from '../../schemas/json/parse-around.ts';
import { inMembers, type Places } from '../../schemas/json/scan.ts';
import { replaceLoneSurrogates } from '../../schemas/json/well-formed.ts';

/** How the JSON of a request is read. */
export interface JsonReading {
  /** Values that stay text: each becomes a `JsonText`. Who takes it decides what it may hold. */
  readonly texts?: Places;
  /** A report of a worker: it is mended, never refused for its form. */
  readonly isReport?: boolean;
  /** How the JSON is read instead when there is a fault outside of its texts. */
  readonly whenFaulty?: JsonReading;
}

/**
 * Parses JSON from a client.
 *
 * @param source what the bytes are, for the message: "The body" or "The line".
 * @throws {AppError} broken-json; invalid-request for what `jsonFault` finds outside of the texts.
 */
export function readJson(bytes: Buffer, source: string, reading: JsonReading = {}): unknown {
  // Decoding would replace invalid bytes, and store another job than the one sent.
  const isPlain = isAscii(bytes);
  if (!isPlain && !isUtf8(bytes)) throw new AppError('broken-json', `${source} is not UTF-8.`);
  const { texts = NO_TEXTS, isReport = false, whenFaulty } = reading;
  const read = parseAround(bytes, texts, isPlain);
  if (read === undefined) throw broken(bytes, source);
  const { value, head } = read;
  if (isReport) {
    if (!head.hasLoneSurrogate) return value;
    return readJson(Buffer.from(replaceLoneSurrogates(bytes.toString('utf8'))), source, reading);
  }
  const fault = jsonFault(head, () => value, '');
  if (fault === undefined) return value;
  if (whenFaulty !== undefined) return readJson(bytes, source, whenFaulty);
  throw invalidRequest([fault]);
}

const NO_TEXTS: Places = inMembers({});

/** `JSON.parse` tells where the fault is. */
function broken(bytes: Buffer, source: string): AppError {
  try {
    JSON.parse(bytes.toString('utf8'));
    return new AppError('broken-json', `${source} cannot be read as JSON.`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return new AppError('broken-json', `${source} cannot be read as JSON: ${reason}`);
  }
}
