import type { StoredError } from '../src/redis/record.ts';

/** How an attempt can end. */
export type Outcome =
  /** `result` is JSON text. */
  | { kind: 'completed'; result: string }
  | { kind: 'failed'; error: StoredError; retryable: boolean; retryInMs: number | undefined }
  | { kind: 'cancelled' }
  | { kind: 'expired' }
  /** All attempts were spent before this one began; the errors are noted already. */
  | { kind: 'exhausted' }
  /** Handed back: spends no attempt. */
  | { kind: 'released' }
  /** No longer ours to settle. */
  | { kind: 'lost' };

/** Longest texts of an error that are kept, in characters. */
const MAX_MESSAGE = 4_000;
const MAX_STACK = 8_000;
const MAX_DATA = 16_000;

/** The JSON text of a result; undefined is stored as null. @throws {TypeError} when it is not JSON. */
export function resultText(value: unknown): string {
  const text: string | undefined = JSON.stringify(value ?? null);
  // Functions and symbols have no JSON at all.
  if (text === undefined) throw new TypeError(`The task returned a ${typeof value}, which is not JSON`);
  return text;
}

/** What a thrown value says about the failure. */
export function failure(thrown: unknown, attempt: number, at: number): Outcome {
  const hints = typeof thrown === 'object' && thrown !== null ? thrown : {};
  const retryInMs = 'retryInMs' in hints ? Number(hints.retryInMs) : Number.NaN;
  return {
    kind: 'failed',
    error: storedError(thrown, attempt, at),
    retryable: !('retryable' in hints && hints.retryable === false),
    retryInMs: Number.isFinite(retryInMs) && retryInMs >= 0 ? Math.round(retryInMs) : undefined,
  };
}

/** A failure that the worker itself finds. */
export function refusal(
  name: string,
  message: string,
  attempt: number,
  at: number,
  more: { retryable: boolean; data?: unknown },
): Outcome {
  const data = more.data === undefined ? {} : { data: more.data };
  return {
    kind: 'failed',
    error: { message, name, attempt, at, ...data },
    retryable: more.retryable,
    retryInMs: undefined,
  };
}

function storedError(thrown: unknown, attempt: number, at: number): StoredError {
  if (!(thrown instanceof Error)) return { message: clip(describe(thrown), MAX_MESSAGE), attempt, at };
  const data = 'data' in thrown ? plainJson(thrown.data) : undefined;
  return {
    message: clip(thrown.message, MAX_MESSAGE),
    name: clip(thrown.name, 200),
    ...(thrown.stack === undefined ? {} : { stack: clip(thrown.stack, MAX_STACK) }),
    ...(data === undefined ? {} : { data }),
    attempt,
    at,
  };
}

const clip = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length)}…`;

const describe = (thrown: unknown): string =>
  typeof thrown === 'string' ? thrown : (JSON.stringify(plainJson(thrown)) ?? String(thrown));

/** The value if it is JSON of moderate size, else undefined: an error must never fail to be stored. */
function plainJson(value: unknown): unknown {
  try {
    const text: string | undefined = JSON.stringify(value);
    return text === undefined || text.length > MAX_DATA ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
