import type { JsonText } from '../schemas/json/json-text.ts';
import { parseAround } from '../schemas/json/parse-around.ts';
import { inMembers } from '../schemas/json/places.ts';
import type { AttemptLimit } from '../schemas/values/attempts.ts';
import type { ErrorOrigin, FinalStatus } from '../schemas/values/names.ts';
import { type EntryOptions, encodeOptions } from './entry-options.ts';

/**
 * A finished job as stored under its result key: JSON with short names, because there are many of them.
 * The script writes the head (w to e); the process that settles the job writes the tail (from t on).
 */
export interface ResultRecord {
  /** Lease that finished the job; '' when no lease did. */
  w: string;
  /** Attempts made. */
  a: number;
  /** Fencing token of the last delivery; absent when it equals `a`. */
  k?: number;
  s: Exclude<FinalStatus, 'failed'>;
  /** Start of the last attempt, Unix ms. */
  b?: number;
  /** End, Unix ms. */
  f: number;
  /** Failed attempts. */
  e?: StoredError[];
  t: string;
  /** Attempts allowed; absent when the options or the default give the same number. */
  m?: AttemptLimit;
  o?: EntryOptions;
  /** Payload, with `keepPayload`. */
  p?: JsonText;
  /** Result of a completed job. */
  r?: JsonText;
}

/** An error as stored: one line of JSON. `at` is Unix ms. */
export interface StoredError extends StoredCause {
  /** A `JsonText`, or a value that JavaScript made. */
  data?: unknown;
  /** Absent when the handler threw the error itself. */
  origin?: ErrorOrigin;
  attempt?: number;
  at?: number;
}

/** What an error says about itself, and about the errors that led to it. */
export interface StoredCause {
  message: string;
  name?: string;
  code?: string | number;
  stack?: string;
  cause?: StoredCause;
  /** The parts of an AggregateError. */
  errors?: StoredCause[];
}

/** The members of the tail. Payload and result are JSON text, stored unchanged. */
export interface EncodedTail {
  task: string;
  maxAttempts: AttemptLimit | undefined;
  options: EntryOptions;
  payload: string | undefined;
  result: string | undefined;
}

/** The tail of a record, with its closing brace. */
export function encodeTail(tail: EncodedTail): string {
  const options = encodeOptions(tail.options.w ? withoutWaiter(tail.options) : tail.options);
  return [
    `,"t":${JSON.stringify(tail.task)}`,
    tail.maxAttempts === undefined ? '' : `,"m":${JSON.stringify(tail.maxAttempts)}`,
    options === '' ? '' : `,"o":${options}`,
    tail.payload === undefined ? '' : `,"p":${tail.payload}`,
    tail.result === undefined ? '' : `,"r":${tail.result}`,
    '}',
  ].join('');
}

/** A finished job has no waiting submitter. */
const withoutWaiter = ({ w, ...rest }: EntryOptions): EntryOptions => rest;

const ERROR_TEXTS = inMembers({ data: 'text' });
const RECORD_TEXTS = inMembers({ p: 'text', r: 'text', e: { each: ERROR_TEXTS } });

/**
 * A record whose payload is not JSON, as any client of Redis can add, is read without it.
 *
 * @throws {SyntaxError} when the rest is not JSON.
 */
export const decodeRecord = (text: string): ResultRecord =>
  (parseAround(Buffer.from(text), RECORD_TEXTS) ?? parseWithoutPayload(text)) as ResultRecord;

/** Tries each place where the payload may begin, the first of which leaves a whole object. */
function parseWithoutPayload(text: string): unknown {
  const [head = '', ...rest] = text.split(PAYLOAD, MAX_TRIED);
  for (let i = 0; i < rest.length; i += 1) {
    const record = [head, ...rest.slice(0, i)].join(PAYLOAD);
    const parsed = parseAround(Buffer.from(`${record}}`), RECORD_TEXTS);
    if (parsed !== undefined) return parsed;
  }
  return JSON.parse(text);
}

const PAYLOAD = ',"p":';
const MAX_TRIED = 50;

/** @param line as `StoredError` describes it. @throws {SyntaxError} when it is not JSON. */
export const decodeError = (line: string): StoredError =>
  (parseAround(Buffer.from(line), ERROR_TEXTS) ?? JSON.parse(line)) as StoredError;
