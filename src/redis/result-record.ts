import type { FinalStatus } from '../schemas/values/names.ts';
import { type EntryOptions, encodeOptions } from './entry-options.ts';

/**
 * A finished job as stored under its result key: JSON with short names, since there are many of them.
 * The scripts write the head (w to e), whoever finishes the job the tail (from t on).
 */
export interface ResultRecord {
  /** Lease that finished it, '' when none did. */
  w: string;
  /** Attempts made. */
  a: number;
  /** Fencing token of the last delivery, where it is another number. */
  k?: number;
  s: Exclude<FinalStatus, 'failed'>;
  /** Start of the last attempt, Unix ms. */
  b?: number;
  /** End, Unix ms. */
  f: number;
  /** Failed attempts. */
  e?: StoredError[];
  t: string;
  /** Attempts allowed, where neither the options nor the default say so. */
  m?: number;
  o?: EntryOptions;
  /** Payload, if it was to be kept. */
  p?: unknown;
  /** Result of a completed job. */
  r?: unknown;
}

/** An error as stored, one line of JSON; `at` is Unix ms. */
export interface StoredError {
  message: string;
  name?: string;
  stack?: string;
  data?: unknown;
  attempt?: number;
  at?: number;
}

/** What the finisher knows; payload and result are JSON text, passed through as they are. */
export interface EncodedTail {
  task: string;
  maxAttempts: number | undefined;
  options: EntryOptions;
  payload: string | undefined;
  result: string | undefined;
}

/** The tail of a record, closing brace included. */
export function encodeTail(tail: EncodedTail): string {
  const options = encodeOptions(tail.options.w ? settled(tail.options) : tail.options);
  return [
    `,"t":${JSON.stringify(tail.task)}`,
    tail.maxAttempts === undefined ? '' : `,"m":${tail.maxAttempts}`,
    options === '' ? '' : `,"o":${options}`,
    tail.payload === undefined ? '' : `,"p":${tail.payload}`,
    tail.result === undefined ? '' : `,"r":${tail.result}`,
    '}',
  ].join('');
}

/** Nobody waits any more. */
const settled = ({ w, ...rest }: EntryOptions): EntryOptions => rest;

export const decodeRecord = (text: string): ResultRecord => JSON.parse(text) as ResultRecord;
