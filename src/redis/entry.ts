import { isTooDeep } from '../schemas/validation/depth.ts';
import { decodeOptions, type EntryOptions, encodeOptions } from './entry-options.ts';
import { parseJson } from './parse-json.ts';

/** A job as stored in a stream. */
export interface Entry {
  task: string;
  /** JSON text. */
  payload: string;
  /** The parsed payload. */
  value: unknown;
  options: Readonly<EntryOptions>;
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

/** The entry, or undefined when `encodeEntry` did not write the fields. */
export function decodeEntry(fields: readonly string[]): Entry | undefined {
  const [t, task, p, payload, o, optionsText] = fields;
  if (t !== 't' || p !== 'p' || o !== 'o' || !task || payload === undefined) return undefined;
  const options = decodeOptions(optionsText ?? '');
  if (options === undefined) return undefined;
  const value = parseJson(payload);
  if (value === undefined || isTooDeep(value, payload.length)) return undefined;
  return { task, payload, value, options };
}
