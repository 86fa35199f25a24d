import { isDeeper, MAX_STORED_DEPTH } from '../schemas/json/depth.ts';
import { JsonText } from '../schemas/json/json-text.ts';
import { decodeOptions, type EntryOptions, encodeOptions } from './entry-options.ts';
import { parseJson } from './parse-json.ts';

/** A job as stored in a stream. */
export interface Entry {
  task: string;
  /** As stored. Any client of Redis can add an entry, so it may not be JSON. */
  payload: string;
  options: Readonly<EntryOptions>;
}

/** An entry whose payload is JSON. */
export interface TextEntry extends Entry {
  json: JsonText;
}

/** An entry with its payload as JavaScript sees it. */
export interface ParsedEntry extends Entry {
  value: unknown;
}

/** The fields of a stream entry. Always these three in this order: Redis then stores their names once. */
export const encodeEntry = (task: string, payload: string, options: EntryOptions): string[] => [
  't',
  task,
  'p',
  payload,
  'o',
  encodeOptions(options),
];

/** The entry, or undefined when `encodeEntry` did not write the fields. Does not look into the payload. */
export function decodeEntry(fields: readonly string[]): Entry | undefined {
  const [t, task, p, payload, o, optionsText] = fields;
  if (t !== 't' || p !== 'p' || o !== 'o' || !task || payload === undefined) return undefined;
  const options = decodeOptions(optionsText ?? '');
  return options && { task, payload, options };
}

/** The entry with its payload as text, for who passes it on; undefined when it is not JSON. */
export function readEntry(fields: readonly string[]): TextEntry | undefined {
  const entry = decodeEntry(fields);
  const json = entry && JsonText.read(entry.payload);
  return json && { ...entry, json };
}

/** The entry with its payload parsed, for who runs it; undefined when it is not JSON or nested too deeply to parse. */
export function parseEntry(fields: readonly string[]): ParsedEntry | undefined {
  const entry = decodeEntry(fields);
  if (entry === undefined || isDeeper(entry.payload, MAX_STORED_DEPTH)) return undefined;
  const value = parseJson(entry.payload);
  if (value === undefined) return undefined;
  const { task, payload, options } = entry;
  return { task, payload, value, options };
}
