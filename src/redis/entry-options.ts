import { type Static, Type } from 'typebox';
import { Backoff, DEFAULT_ATTEMPTS, DEFAULT_PRIORITY, DEFAULT_TIMEOUT_MS } from '../schemas/job.ts';
import { MAX_PLACE_KEY } from '../schemas/jobs/unique.ts';
import { compileSchema } from '../schemas/validation/compile.ts';
import { type AttemptLimit, MAX_ATTEMPTS } from '../schemas/values/attempts.ts';
import { MAX_DURATION_MS, MAX_TIMEOUT_MS } from '../schemas/values/duration.ts';
import { type Priority, PrioritySchema } from '../schemas/values/names.ts';
import { MAX_TIME_MS } from '../schemas/values/timestamp.ts';
import { TRACEPARENT_PATTERN, TRACESTATE_PATTERN, type Trace } from '../schemas/values/trace.ts';
import { parseRef, REF_PATTERN, type Ref } from './job-id.ts';
import type { Place } from './keys.ts';
import { parseJson } from './parse-json.ts';

const Ms = Type.Integer({ minimum: 0, maximum: MAX_DURATION_MS });

const StoredPlace = Type.Object({
  /** Digest of task and key, or payload. */
  d: Type.String({ maxLength: 64 }),
  /** The key; absent where the payload counts. */
  k: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_PLACE_KEY })),
  /** It keeps the place only until it starts. */
  u: Type.Optional(Type.Literal('started')),
  /** It keeps the place at least this long, ms. */
  f: Type.Optional(Ms),
  /** Each submit puts the start off by this, ms; by `mw` at most after the first. */
  w: Type.Optional(Ms),
  mw: Type.Optional(Ms),
  /** The result answers others for this long, ms. */
  ca: Type.Optional(Ms),
  /** What happens when another job has the place. Absent: the submit returns that job. */
  c: Type.Optional(Type.Unsafe<'reject' | 'replace'>({ type: 'string', enum: ['reject', 'replace'] })),
});
export type PlaceOptions = Static<typeof StoredPlace>;

/**
 * The options of a submitted job, besides task and payload. Every member is absent unless the submitter set it;
 * a plain job has none. Stored as JSON with short names, because every entry repeats them.
 */
const EntryOptions = Type.Object({
  /** Priority. Set only in entries of `parked`; other streams are the priority. */
  pr: Type.Optional(PrioritySchema),
  /** Delay in ms after the submit. */
  d: Type.Optional(Ms),
  /** Start time, Unix ms. */
  at: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_TIME_MS })),
  /** Attempts in total. */
  a: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_ATTEMPTS })),
  /** There is no limit of attempts; `a` is for releases that do not know this. */
  u: Type.Optional(Type.Literal(true)),
  b: Type.Optional(Backoff),
  /** Limit of one attempt, ms. */
  to: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_TIMEOUT_MS })),
  /** The job expires this many ms after the submit, unless it has started. */
  x: Type.Optional(Ms),
  /** How long the finished job is kept, ms. */
  rt: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_DURATION_MS })),
  /** Metadata. */
  m: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** Tags. */
  tg: Type.Optional(Type.Array(Type.String())),
  /** For whom or what the job is. */
  y: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  /** The place that it shares with others, and what it has said of that. */
  uq: Type.Optional(StoredPlace),
  /** Keep the payload after completion. */
  k: Type.Optional(Type.Literal(true)),
  /** The submitter waits for the job: its last event carries a short result. */
  w: Type.Optional(Type.Literal(true)),
  /** The id of the ended job that this one repeats. */
  ro: Type.Optional(Type.String({ maxLength: 96 })),
  /** The ref of the first entry of a job that was changed since: its id. */
  i: Type.Optional(Type.String({ pattern: REF_PATTERN })),
  /** The trace that the submit belongs to: its traceparent and tracestate. */
  tp: Type.Optional(Type.String({ pattern: TRACEPARENT_PATTERN })),
  ts: Type.Optional(Type.String({ pattern: TRACESTATE_PATTERN })),
});
export type EntryOptions = Static<typeof EntryOptions>;

const optionsSchema = compileSchema(EntryOptions, { isOurs: true });

/** The value if `encodeOptions` could have written it, else undefined. Any client of Redis can add an entry. */
export function checkOptions(value: unknown): EntryOptions | undefined {
  if (!optionsSchema.ok) throw new Error(optionsSchema.reason);
  return optionsSchema.check(value).length === 0 ? (value as EntryOptions) : undefined;
}

/** JSON text; '' when there are no options. */
export const encodeOptions = (options: EntryOptions): string => {
  const text = JSON.stringify(options);
  return text === '{}' ? '' : text;
};

/** The options, or undefined when `encodeOptions` did not write the text. Neighbours often share them: cached. */
export function decodeOptions(text: string): Readonly<EntryOptions> | undefined {
  if (text === '') return {};
  if (text !== lastDecoded.text) lastDecoded = { text, options: checkOptions(parseJson(text)) };
  return lastDecoded.options;
}

let lastDecoded: { text: string; options: Readonly<EntryOptions> | undefined } = { text: '', options: {} };

/** Defaults that a task sets for its jobs. */
export interface TaskDefaults {
  attempts?: AttemptLimit;
  backoff?: Backoff;
  timeoutMs?: number;
}

/** The options that stand for a limit; `a` alone is what earlier releases read. */
export const attemptOptions = (limit: AttemptLimit | undefined): Pick<EntryOptions, 'a' | 'u'> =>
  limit === undefined ? {} : limit === 'unlimited' ? { a: MAX_ATTEMPTS, u: true } : { a: limit };

/** The options that stand for a trace. */
export const traceOptions = ({ traceparent: tp, tracestate: ts }: Trace): Pick<EntryOptions, 'tp' | 'ts'> =>
  ts === undefined ? { tp } : { tp, ts };

/** The trace that a job belongs to; undefined for most jobs. */
export const traceOf = ({ tp, ts }: EntryOptions): Trace | undefined =>
  tp === undefined ? undefined : { traceparent: tp, ...(ts !== undefined && { tracestate: ts }) };

export const maxAttempts = (options: EntryOptions, task: TaskDefaults | undefined): AttemptLimit =>
  options.u ? 'unlimited' : (options.a ?? task?.attempts ?? DEFAULT_ATTEMPTS);

export const timeoutMs = (options: EntryOptions, task: TaskDefaults | undefined): number =>
  options.to ?? task?.timeoutMs ?? DEFAULT_TIMEOUT_MS;

export const priorityOf = (place: Place, options: EntryOptions): Priority =>
  place === 'parked' ? (options.pr ?? DEFAULT_PRIORITY) : place;

/** The ref that the id of a job is made of. A change of the job has given it another entry. */
export const firstRef = (ref: Ref, { i }: EntryOptions): Ref => (i === undefined ? ref : parseRef(i));

/** When the job may start, Unix ms; undefined when it may start at once. */
export function runAtOf(createdAt: number, options: EntryOptions): number | undefined {
  if (options.at !== undefined) return options.at;
  return options.d === undefined ? undefined : createdAt + options.d;
}

/** When the job expires unless it has started, Unix ms. `createdAt`: the time of this very entry, not of the first one. */
export const expiryOf = (createdAt: number, options: EntryOptions): number | undefined =>
  options.x === undefined ? undefined : createdAt + options.x;
