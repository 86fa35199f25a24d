import { isAscii, isUtf8 } from 'node:buffer';
import { AppError, invalidRequest } from '../../errors.ts';
import { jsonFault } from '../../schemas/json/json-fault.ts';
import { parseItemsInSlices, parseScanned } from '../../schemas/json/parse-around.ts';
import type { Places } from '../../schemas/json/places.ts';
import { JsonScanner } from '../../schemas/json/scanner.ts';
import type { Fault } from '../../schemas/problem.ts';
import { Slices } from '../../slices.ts';

/** How the JSON of a request is read. */
export interface JsonReading {
  /** Values that stay text: each becomes a `JsonText`. Who takes it decides what it may hold. */
  readonly texts?: Places;
  /** A report of a worker is never refused for its form: its bytes are mended. */
  readonly isReport?: boolean;
  /** How the JSON is read instead when there is a fault outside of its texts. */
  readonly whenFaulty?: JsonReading;
  /** The most items of a list that has texts in its items, and the error for more. */
  readonly items?: { readonly most: number; readonly error: () => AppError };
  /** The most values outside of the texts. In a list that has texts in its items, each item may have as many. Default 12,000. */
  readonly maxValues?: number;
  /** Reads JSON with more values than that. Absent: such JSON is refused. */
  readonly whenTooMany?: (json: Buffer) => unknown;
}

/** An acknowledgement of 10,000 events has the most values of all requests. Looking at them takes some 10 ms. */
const MAX_VALUES = 12_000;

/** Faults show names. No request needs long ones outside of its texts. */
const MAX_NAME_BYTES = 4_096;

/** JSON of more bytes is read in slices. */
export const MAX_BYTES_AT_ONCE = 131_072;
const SLICE_BYTES = 65_536;

/**
 * Parses JSON from a client.
 *
 * @param source what the bytes are, for the message: "The body" or "The line".
 * @throws {AppError} broken-json; invalid-request for too many values, and for what `jsonFault` finds outside of the texts.
 */
export function readJson(json: Buffer, source: string, reading: JsonReading = {}): unknown {
  return finish(begin(json, source, reading), readJson, parseScanned);
}

/** As `readJson`. Others get their turn while it is read. */
export async function readLongJson(
  json: Buffer,
  source: string,
  reading: JsonReading = {},
): Promise<unknown> {
  const slices = new Slices();
  const document = begin(json, source, reading);
  for (let until = SLICE_BYTES; document.scanner.read(until) === 'more'; until += SLICE_BYTES) {
    if (slices.isOver) await slices.next();
  }
  await slices.next();
  return finish(document, readLongJson, json.length > MAX_BYTES_AT_ONCE ? parseItemsInSlices : parseScanned);
}

interface ScannedJson {
  readonly json: Buffer;
  readonly source: string;
  readonly reading: JsonReading;
  readonly isPlain: boolean;
  readonly scanner: JsonScanner;
}

function begin(json: Buffer, source: string, reading: JsonReading): ScannedJson {
  // Decoding would replace invalid bytes, and store another job than the one sent.
  const isPlain = isAscii(json);
  if (!isPlain && !isUtf8(json)) throw new AppError('broken-json', `${source} is not UTF-8.`);
  return { json, source, reading, isPlain, scanner: new JsonScanner(json, reading.texts, reading.isReport) };
}

function finish(
  { json, source, reading, isPlain, scanner }: ScannedJson,
  readAgain: typeof readJson,
  parse: typeof parseScanned | typeof parseItemsInSlices,
): unknown {
  if (scanner.read() !== 'json') throw broken(json, source, scanner);
  const { texts, isReport = false, items, whenFaulty, whenTooMany } = reading;
  if (items !== undefined && scanner.items.count > items.most) throw items.error();
  const fault = sizeFault(scanner, reading) ?? (isReport ? undefined : jsonFault(scanner.head, ''));
  if (fault === undefined) return parse(json, scanner, texts, isPlain);
  if (whenFaulty !== undefined) return readAgain(json, source, whenFaulty);
  if (whenTooMany !== undefined) return whenTooMany(json);
  throw invalidRequest([fault]);
}

/** Why JSON is not even parsed. */
function sizeFault(
  { values, longestName }: JsonScanner,
  { maxValues = MAX_VALUES, isReport = false }: JsonReading,
): Fault | undefined {
  if (values > maxValues)
    return { pointer: '', detail: `has more than ${maxValues} values: send fewer members and items` };
  return longestName > MAX_NAME_BYTES && !isReport
    ? { pointer: '', detail: `has a name of more than ${MAX_NAME_BYTES} bytes` }
    : undefined;
}

/** `JSON.parse` tells more about the fault, but takes long for a long document. */
function broken(json: Buffer, source: string, { brokenAt }: JsonScanner): AppError {
  try {
    if (json.length <= MAX_BYTES_AT_ONCE) JSON.parse(json.toString('utf8'));
    return new AppError(
      'broken-json',
      `${source} cannot be read as JSON: the fault is behind position ${brokenAt}`,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return new AppError('broken-json', `${source} cannot be read as JSON: ${reason}`);
  }
}
