import { type ErrorReasons, isAbsent, reasonsOf } from '../error-reasons.ts';
import { MAX_DEPTH } from '../schemas/json/depth.ts';
import { JsonText } from '../schemas/json/json-text.ts';
import { durationMs } from '../schemas/values/duration.ts';

/** An error as an HTTP worker reports it, before its texts are shortened. */
export interface ReportedError {
  readonly message: string;
  readonly name?: string;
  readonly stack?: string;
  readonly data?: unknown;
  readonly reasons?: ErrorReasons;
}

/**
 * The error in a report. Takes any JSON: a refused report would leave the real error nowhere. Text is the message, and so
 * is the JSON of an object without a message.
 */
export function reportedError(value: unknown): ReportedError {
  if (value === undefined || value === null) return { message: 'The worker reported no error' };
  if (typeof value !== 'object' || Array.isArray(value)) return { message: textOf(value) };
  const { message, name, stack, data } = value as Record<string, unknown>;
  return {
    message: textOf(message ?? value),
    ...(isAbsent(name) ? {} : { name: textOf(name) }),
    ...(isAbsent(stack) ? {} : { stack: textOf(stack) }),
    ...(isAbsent(data) || isNull(data) ? {} : { data }),
    reasons: reasonsOf(value),
  };
}

/** The JSON of a value in a report, with U+FFFD for lone surrogates; undefined for one that is nested too deeply. */
export function reportedJson(value: unknown, maxDepth = MAX_DEPTH): JsonText | undefined {
  try {
    const json = JsonText.of(value);
    return json.facts.depth > maxDepth ? undefined : json.toWellFormed();
  } catch (error) {
    // A value that is far too deep overflows the stack of JSON.stringify.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Milliseconds in a report, rounded and limited; undefined when the value is no number and no duration. */
export function reportedMs(value: unknown, { min, max }: { min: number; max: number }): number | undefined {
  const ms = typeof value === 'string' ? msOfText(value) : value;
  if (typeof ms !== 'number' || Number.isNaN(ms)) return undefined;
  return Math.min(Math.max(Math.round(ms), min), max);
}

/** What languages without a boolean of their own send for false. */
const FALSE: readonly unknown[] = [false, 0, '', '0', 'false'];

export const isReportedFalse = (value: unknown): boolean => FALSE.includes(value);

const isNull = (value: unknown): boolean => value instanceof JsonText && value.text === 'null';

function msOfText(text: string): number | undefined {
  if (/^\s*$/.test(text)) return undefined;
  try {
    return durationMs(text);
  } catch {
    return Number(text);
  }
}

/** A list of lines becomes a text, as stack traces are lists in some languages. Other JSON becomes its text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((line) => typeof line === 'string')) return value.join('\n');
  return reportedJson(value)?.text ?? 'The worker reported an error that is nested too deeply to be shown';
}
