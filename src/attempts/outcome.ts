import { types } from 'node:util';
import { isAbsent, reasonsOf } from '../error-reasons.ts';
import type { StoredError } from '../redis/result-record.ts';
import { isDeeper, MAX_DATA_DEPTH, MAX_DEPTH } from '../schemas/json/depth.ts';
import { JsonText } from '../schemas/json/json-text.ts';
import { clip, wellFormedJson } from '../schemas/json/well-formed.ts';
import { MAX_DURATION_MS } from '../schemas/values/duration.ts';
import type { ErrorOrigin } from '../schemas/values/names.ts';
import { type ReportedError, reportedMs } from './reported-error.ts';
import { usableJson } from './unusable-value.ts';

/** How an attempt can end. A closed set: what settles attempts handles each kind. */
export type Outcome =
  /** `result` is JSON text. */
  | { kind: 'completed'; result: string }
  | { kind: 'failed'; error: StoredError; retryable: boolean; retryInMs: number | undefined }
  | { kind: 'cancelled' }
  | { kind: 'expired' }
  /** All attempts were spent before this one started; the errors are stored already. */
  | { kind: 'exhausted' }
  /** Released, to be taken again after a delay. Spends no attempt. `isSuspect`: it may have spoilt its process. */
  | { kind: 'released'; delayMs: number; isSuspect?: boolean }
  /** This worker cannot run the job: it lacks the task, or its input schemas refuse the payload. Spends no attempt. */
  | { kind: 'held'; reason: string; refusers: readonly string[] }
  /** The lease was lost: the job may run elsewhere. */
  | { kind: 'lost' };

/** How an attempt that was made can end. */
export type ObservedOutcome = Exclude<Outcome, { kind: 'held' }>;

/** Longest texts of an error that are stored, in characters. */
const MAX_MESSAGE = 4_000;
const MAX_NAME = 200;
const MAX_STACK = 8_000;
const MAX_DATA = 16_000;

/** The JSON text of a result; undefined becomes null. @throws {UnusableValue} when JSON cannot say it. */
export const encodeResult = (value: unknown): string => wellFormedJson(usableJson(value, 'result'));

/**
 * The failure that a thrown value stands for; `at` in Unix ms. Never throws, whatever was thrown.
 *
 * @param origin how it came up outside the handler's promise.
 */
export function thrownFailure(
  thrown: unknown,
  attempt: number,
  at: number,
  origin?: ErrorOrigin,
): Outcome & { kind: 'failed' } {
  try {
    const hints = typeof thrown === 'object' && thrown !== null ? thrown : {};
    return {
      kind: 'failed',
      error: { ...storedError(thrown, attempt, at), ...(origin !== undefined && { origin }) },
      retryable: !('retryable' in hints && hints.retryable === false),
      retryInMs: 'retryInMs' in hints ? reportedMs(hints.retryInMs, DELAY_LIMITS) : undefined,
    };
  } catch {
    // Getters, proxies and objects without a prototype can throw when they are read.
    const message = 'The task threw a value that cannot be read';
    return detectedFailure('unreadable-error', message, attempt, at, { retryable: true });
  }
}

const DELAY_LIMITS = { min: 0, max: MAX_DURATION_MS };

/** The error of a result that is too long to be stored. Another attempt would return the same. */
export const tooLargeResult = (bytes: number, maxBytes: number) => ({
  name: 'result-too-large',
  message: `The result has ${bytes} bytes of JSON; at most ${maxBytes} are stored (MAX_PAYLOAD_BYTES). Store it elsewhere, and return where`,
});

/** The error of a result that many languages could not read. */
export const tooDeepResult = {
  name: 'result-too-deep',
  message: `The result is nested deeper than ${MAX_DEPTH} levels; it cannot be stored. Return a flatter one`,
};

/** A failure that the service itself detects, such as an invalid payload. */
export function detectedFailure(
  name: string,
  message: string,
  attempt: number,
  at: number,
  more: { retryable: boolean; data?: unknown },
): Outcome & { kind: 'failed' } {
  const data = more.data === undefined ? {} : { data: more.data };
  return {
    kind: 'failed',
    error: { message, name, attempt, at, ...data },
    retryable: more.retryable,
    retryInMs: undefined,
  };
}

/** A failure that an HTTP worker reports. */
export function reportedFailure(
  { message, name, stack, data, reasons }: ReportedError,
  { retryable, retryInMs }: { retryable: boolean; retryInMs: number | undefined },
  attempt: number,
  at: number,
): Outcome & { kind: 'failed' } {
  const storedData = data === undefined ? undefined : reportedData(data);
  const error: StoredError = {
    message: clip(message, MAX_MESSAGE),
    ...(name === undefined ? {} : { name: clip(name, MAX_NAME) }),
    ...(stack === undefined ? {} : { stack: clip(stack, MAX_STACK) }),
    ...(storedData === undefined ? {} : { data: storedData }),
    ...reasons,
    attempt,
    at,
  };
  return { kind: 'failed', error, retryable, retryInMs };
}

function storedError(thrown: unknown, attempt: number, at: number): StoredError {
  if (!isError(thrown)) return { message: clip(describe(thrown), MAX_MESSAGE), attempt, at };
  const data = 'data' in thrown ? plainJson(thrown.data) : undefined;
  // Each may have been replaced by a value of another type.
  const { message, name, stack } = thrown as Partial<Record<keyof Error, unknown>>;
  const realName = typeof name === 'string' && name !== '' ? name : thrown.constructor?.name;
  return {
    message: clip(isAbsent(message) ? '' : describe(message), MAX_MESSAGE),
    ...(typeof realName === 'string' && { name: clip(realName, MAX_NAME) }),
    ...(typeof stack === 'string' && { stack: clip(stack, MAX_STACK) }),
    ...(data === undefined ? {} : { data }),
    ...reasonsOf(thrown),
    attempt,
    at,
  };
}

/** Also an error of another realm, such as a `vm` context. */
const isError = (thrown: unknown): thrown is Error => thrown instanceof Error || types.isNativeError(thrown);

const describe = (thrown: unknown): string =>
  typeof thrown === 'string' ? thrown : (JSON.stringify(plainJson(thrown)) ?? String(thrown));

/** Data from a worker over HTTP: its text unless it is too long, as a string if it is nested too deeply. */
function reportedData(data: unknown): unknown {
  const json = JsonText.of(data).toWellFormed();
  if (json.text.length > MAX_DATA) return undefined;
  return json.facts.depth > MAX_DATA_DEPTH ? json.text : json;
}

/**
 * The value if it is JSON of moderate size, as a string if it is nested too deeply; else undefined. Data must never keep an
 * error from being stored.
 */
function plainJson(value: unknown): unknown {
  try {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined || text.length > MAX_DATA) return undefined;
    return isDeeper(text, MAX_DATA_DEPTH) ? text : JSON.parse(wellFormedJson(text));
  } catch {
    return undefined;
  }
}
