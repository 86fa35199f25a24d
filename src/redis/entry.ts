import { type Static, Type } from 'typebox';
import { Attempts, Backoff, DEFAULT_ATTEMPTS, DEFAULT_PRIORITY, DEFAULT_TIMEOUT_MS } from '../schemas/job.ts';
import { compileSchema } from '../schemas/validation/compile.ts';
import { isTooDeep } from '../schemas/validation/depth.ts';
import { MAX_DURATION_MS, MAX_TIMEOUT_MS } from '../schemas/values/duration.ts';
import { type Priority, PrioritySchema } from '../schemas/values/names.ts';
import type { Place } from './keys.ts';

/** The last moment that a JavaScript date can hold, Unix ms (ECMA-262, 21.4.1.1). */
const MAX_TIME_MS = 8.64e15;

const Ms = Type.Integer({ minimum: 0, maximum: MAX_DURATION_MS });

/**
 * What a submitter asked for besides task and payload; every member is absent unless asked for, and a
 * plain job has none. Stored as JSON with these short names, since it is repeated for every entry.
 */
const EntryOptions = Type.Object({
  /** Priority, for entries of `parked`; other streams are the priority. */
  pr: Type.Optional(PrioritySchema),
  /** Delay in ms after the submit. */
  d: Type.Optional(Ms),
  /** Start time, Unix ms. */
  at: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_TIME_MS })),
  /** Attempts in all. */
  a: Type.Optional(Attempts),
  b: Type.Optional(Backoff),
  /** Limit of one attempt, ms. */
  to: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_TIMEOUT_MS })),
  /** Expires this many ms after the submit, unless started. */
  x: Type.Optional(Ms),
  /** How long the finished job is kept, ms. */
  rt: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_DURATION_MS })),
  /** Metadata. */
  m: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** Keep the payload after completion. */
  k: Type.Optional(Type.Literal(true)),
  /** The submitter waits: the event of the end tells a short result, too. */
  w: Type.Optional(Type.Literal(true)),
});
export type EntryOptions = Static<typeof EntryOptions>;

const optionsSchema = compileSchema(EntryOptions, { isOurs: true });

/** The value if it is what `encodeOptions` writes; anybody may XADD an entry. */
export function checkOptions(value: unknown): EntryOptions | undefined {
  if (!optionsSchema.ok) throw new Error(optionsSchema.reason);
  return optionsSchema.check(value).length === 0 ? (value as EntryOptions) : undefined;
}

/** A job as it stands in a stream. */
export interface Entry {
  task: string;
  /** JSON text. */
  payload: string;
  /** What that says. */
  value: unknown;
  options: Readonly<EntryOptions>;
}

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
const REF = /^([chnlp])(\d{1,20}-\d{1,20})$/;
const JOB_ID = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,63})~([chnlp])([0-9a-z]{1,13})-([0-9a-z]{1,13})$/;
const MAX_UINT64 = 2n ** 64n - 1n;

/** The letter that stands for a stream in refs and ids. */
export const letterOf = (place: Place): string => LETTERS[place];

/** Short form of a place and an entry id, the member of sorted sets and the name of notes and results. */
export const formatRef = (ref: Ref): string => `${LETTERS[ref.place]}${ref.entryId}`;

/** @throws {RangeError} when the text is no ref; refs come only from our own scripts. */
export function parseRef(text: string): Ref {
  const match = REF.exec(text);
  const place = PLACE_OF.get(match?.[1] ?? '');
  if (place === undefined || match?.[2] === undefined) throw new RangeError(`not a job ref: ${text}`);
  return { place, entryId: match[2] };
}

/** Milliseconds in an entry id: when Redis took the job in. An id written by hand may be no time at all. */
export const entryTime = (entryId: string): number =>
  Math.min(Number(entryId.slice(0, entryId.indexOf('-'))), MAX_TIME_MS);

/** Orders entry ids as their stream does; they are decimals without leading zeros. */
export function compareEntryIds(a: string, b: string): number {
  const byTime =
    a.indexOf('-') - b.indexOf('-') || compareText(a.slice(0, a.indexOf('-')), b.slice(0, b.indexOf('-')));
  return byTime || a.length - b.length || compareText(a, b);
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The public id: queue, stream and entry id; numbers in base 36 keep it below 96 characters. */
export function formatJobId(queue: string, ref: Ref): string {
  const dash = ref.entryId.indexOf('-');
  const ms = ref.entryId.slice(0, dash);
  // Jobs come many in a millisecond: the last one is kept.
  if (ms !== lastMs.decimal) lastMs = { decimal: ms, digits: base36(ms) };
  return `${queue}~${LETTERS[ref.place]}${lastMs.digits}-${base36(ref.entryId.slice(dash + 1))}`;
}

let lastMs = { decimal: '0', digits: '0' };

/** The parts of a public id, or undefined when the text cannot be one. */
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

const base36 = (decimal: string): string =>
  decimal.length < 16 ? Number(decimal).toString(36) : BigInt(decimal).toString(36);

function fromBase36(digits: string): bigint {
  let value = 0n;
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value;
}

/** The fields of a stream entry, always these three in this order: Redis then stores their names once. */
export const encodeEntry = (task: string, payload: string, options: EntryOptions): string[] => [
  't',
  task,
  'p',
  payload,
  'o',
  encodeOptions(options),
];

export const encodeOptions = (options: EntryOptions): string => {
  const text = JSON.stringify(options);
  return text === '{}' ? '' : text;
};

/** The entry, or undefined when it was not written by `encodeEntry`. */
export function decodeEntry(fields: readonly string[]): Entry | undefined {
  const [t, task, p, payload, o, options] = fields;
  if (t !== 't' || p !== 'p' || o !== 'o' || !task || payload === undefined) return undefined;
  const checked = decodeOptions(options ?? '');
  if (checked === undefined) return undefined;
  const value = parseJson(payload);
  if (value === undefined || isTooDeep(value, payload.length)) return undefined;
  return { task, payload, value, options: checked };
}

/** Many jobs have the same options, and come together: the last ones are kept. */
function decodeOptions(text: string): Entry['options'] | undefined {
  if (text === '') return {};
  if (text !== lastOptions.text) lastOptions = { text, value: checkOptions(parseJson(text)) };
  return lastOptions.value;
}

let lastOptions: { text: string; value: Entry['options'] | undefined } = { text: '', value: {} };

/** The value, or undefined when the text is not JSON; JSON itself has no undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Defaults that a task may set for its jobs. */
export interface TaskDefaults {
  attempts?: number;
  backoff?: Backoff;
  timeoutMs?: number;
}

export const maxAttempts = (options: EntryOptions, task: TaskDefaults | undefined): number =>
  options.a ?? task?.attempts ?? DEFAULT_ATTEMPTS;

export const timeoutMs = (options: EntryOptions, task: TaskDefaults | undefined): number =>
  options.to ?? task?.timeoutMs ?? DEFAULT_TIMEOUT_MS;

export const priorityOf = (place: Place, options: EntryOptions): Priority =>
  place === 'parked' ? (options.pr ?? DEFAULT_PRIORITY) : place;

/** When the job was to start, Unix ms; undefined when at once. */
export function runAtOf(createdAt: number, options: EntryOptions): number | undefined {
  if (options.at !== undefined) return options.at;
  return options.d === undefined ? undefined : createdAt + options.d;
}

/** When the job lapses unless it has started, Unix ms. */
export const expiryOf = (createdAt: number, options: EntryOptions): number | undefined =>
  options.x === undefined ? undefined : createdAt + options.x;
