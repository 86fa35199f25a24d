import type { StoredCause } from './redis/result-record.ts';
import { clip } from './schemas/json/well-formed.ts';

/** What the message of an error leaves out: "fetch failed" says nothing. */
export type ErrorReasons = Pick<StoredCause, 'code' | 'cause' | 'errors'>;

/** Levels of causes, parts of each error, and characters of all of them together. */
const MAX_DEPTH = 5;
const MAX_PARTS = 10;
const MAX_TEXT = 16_000;

/** Longest texts of one cause, and of a code, in characters. */
const MAX_MESSAGE = 2_000;
const MAX_NAME = 200;
const MAX_STACK = 4_000;
const MAX_SUMMARY = 1_000;

/** What may still be read of one error. */
interface Budget {
  left: number;
  readonly seen: Set<unknown>;
}

/** Code, causes and parts of an error, or of its JSON. Never throws; what is too much is left out. */
export function reasonsOf(error: object): ErrorReasons {
  try {
    return readReasons(error, 0, { left: MAX_TEXT, seen: new Set([error]) });
  } catch {
    // Getters and proxies can throw when they are read.
    return {};
  }
}

/** The message of an error and of its causes as one text, for a log line. */
export function summaryOf({ message, name, code, cause, errors = [] }: StoredCause): string {
  const text = message || (code === undefined ? (name ?? '') : '');
  const own = code === undefined || text.includes(String(code)) ? text : `${text} (${code})`.trim();
  const reasons = [...(cause === undefined ? [] : [cause]), ...errors].map(summaryOf);
  const news = [...new Set(reasons)].filter((reason) => !own.includes(reason));
  return clip(news.length === 0 ? own : `${own}: ${news.join('; ')}`, MAX_SUMMARY);
}

export const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

function readReasons(error: object, depth: number, budget: Budget): ErrorReasons {
  const { code, cause, errors } = error as Record<string, unknown>;
  const parts = Array.isArray(errors) ? errors.slice(0, MAX_PARTS) : [];
  const storedCause = isAbsent(cause) ? undefined : readCause(cause, depth + 1, budget);
  const storedParts = parts.flatMap((part) => readCause(part, depth + 1, budget) ?? []);
  return {
    ...(typeof code === 'string' && { code: clip(code, MAX_NAME) }),
    ...(typeof code === 'number' && Number.isFinite(code) && { code }),
    ...(storedCause !== undefined && { cause: storedCause }),
    ...(storedParts.length > 0 && { errors: storedParts }),
  };
}

/** Undefined for what was read before, and beyond the bounds. */
function readCause(value: unknown, depth: number, budget: Budget): StoredCause | undefined {
  if (depth > MAX_DEPTH || budget.left <= 0 || budget.seen.has(value)) return undefined;
  const take = (text: string, length: number): string => {
    const taken = clip(text, Math.min(length, Math.max(0, budget.left)));
    budget.left -= taken.length;
    return taken;
  };
  if (typeof value !== 'object' || value === null) return { message: take(String(value), MAX_MESSAGE) };
  budget.seen.add(value);
  const { message, name, stack } = value as Record<string, unknown>;
  if (typeof message !== 'string') return { message: take(textOf(value), MAX_MESSAGE) };
  return {
    message: take(message, MAX_MESSAGE),
    ...(typeof name === 'string' && name !== '' && { name: take(name, MAX_NAME) }),
    ...(typeof stack === 'string' && { stack: take(stack, MAX_STACK) }),
    ...readReasons(value, depth, budget),
  };
}

/** The JSON of an object without a message, if it has one. */
function textOf(value: object): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
