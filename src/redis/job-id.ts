import { MAX_TIME_MS } from '../schemas/values/timestamp.ts';
import type { Place } from './keys.ts';

/** Where an entry is: its stream and its id there. */
export interface Ref {
  place: Place;
  entryId: string;
}

const LETTERS: Readonly<Record<Place, string>> = {
  critical: 'c',
  high: 'h',
  normal: 'n',
  low: 'l',
  parked: 'p',
};
const PLACE_OF = new Map<string, Place>(
  Object.entries(LETTERS).map(([place, letter]) => [letter, place as Place]),
);
/** The form of a ref. */
export const REF_PATTERN = '^([chnlp])(\\d{1,20}-\\d{1,20})$';
const REF = new RegExp(REF_PATTERN);
const JOB_ID = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})~([chnlp])([0-9a-z]{1,13})-([0-9a-z]{1,13})$/;
const MAX_UINT64 = 2n ** 64n - 1n;

/** The letter that stands for a stream in refs and job ids. */
export const letterOf = (place: Place): string => LETTERS[place];

/** Short form of a place and an entry id. Sorted sets, notes and results name a job by it. */
export const formatRef = (ref: Ref): string => `${LETTERS[ref.place]}${ref.entryId}`;

/** @throws {RangeError} when the text is not a ref. Refs come only from our own scripts. */
export function parseRef(text: string): Ref {
  const match = REF.exec(text);
  const place = PLACE_OF.get(match?.[1] ?? '');
  if (place === undefined || match?.[2] === undefined) throw new RangeError(`not a job ref: ${text}`);
  return { place, entryId: match[2] };
}

/** When Redis stored the entry, Unix ms. An entry id written by hand can exceed any time: the result is capped. */
export const entryTime = (entryId: string): number =>
  Math.min(Number(entryId.slice(0, entryId.indexOf('-'))), MAX_TIME_MS);

/** Orders entry ids as their stream does. Both are decimals without leading zeros. */
export function compareEntryIds(a: string, b: string): number {
  const byTime =
    a.indexOf('-') - b.indexOf('-') || compareText(a.slice(0, a.indexOf('-')), b.slice(0, b.indexOf('-')));
  return byTime || a.length - b.length || compareText(a, b);
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The public id: queue, stream and entry id. Numbers in base 36 keep it below 96 characters. */
export function formatJobId(queue: string, ref: Ref): string {
  const dash = ref.entryId.indexOf('-');
  const ms = ref.entryId.slice(0, dash);
  // Many jobs share a millisecond, so its digits are cached.
  if (ms !== lastMs.decimal) lastMs = { decimal: ms, digits: base36(ms) };
  return `${queue}~${LETTERS[ref.place]}${lastMs.digits}-${base36(ref.entryId.slice(dash + 1))}`;
}

let lastMs = { decimal: '0', digits: '0' };

/** The parts of a public id, or undefined when the text is not one. */
export function parseJobId(id: string): { queue: string; ref: Ref } | undefined {
  const match = JOB_ID.exec(id);
  if (match === null) return undefined;
  const [, queue = '', letter = '', ms36 = '', seq36 = ''] = match;
  const place = PLACE_OF.get(letter);
  const ms = fromBase36(ms36);
  const seq = fromBase36(seq36);
  if (place === undefined || ms > MAX_UINT64 || seq > MAX_UINT64) return undefined;
  const ref: Ref = { place, entryId: `${ms}-${seq}` };
  // Only the canonical spelling is an id, so that a job has exactly one.
  return formatJobId(queue, ref) === id ? { queue, ref } : undefined;
}

/** The sequence number of most entries is small, and printing a number in base 36 takes a third of a microsecond. */
const SMALL_BASE36 = Array.from({ length: 1_000 }, (_, value) => value.toString(36));

function base36(decimal: string): string {
  const { length } = decimal;
  if (length < 16) return SMALL_BASE36[+decimal] ?? Number(decimal).toString(36);
  return BigInt(decimal).toString(36);
}

function fromBase36(digits: string): bigint {
  let value = 0n;
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
}
