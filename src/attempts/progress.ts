import { encodeJson } from '../core/encode-json.ts';
import { invalidRequest } from '../errors.ts';

/** Longest progress that is stored, in characters of JSON. */
export const MAX_PROGRESS = 16_000;

const LIMIT = `must be JSON of at most ${MAX_PROGRESS} characters`;

/** Progress of a handler as JSON text; undefined becomes null. @throws {TypeError} for no JSON, or too much of it. */
export function encodeProgress(value: unknown): string {
  const text: string | undefined = JSON.stringify(value ?? null);
  return checkLength(text, () => new TypeError(`progress ${LIMIT}`));
}

/** Progress over HTTP as JSON text. @throws {AppError} invalid-request when it is too long or nested too deeply. */
export function encodeReportedProgress(progress: unknown): string {
  const text = encodeJson(progress, '/progress');
  return checkLength(text, () => invalidRequest([{ pointer: '/progress', detail: LIMIT }]));
}

function checkLength(text: string | undefined, makeError: () => Error): string {
  if (text === undefined || text.length > MAX_PROGRESS) throw makeError();
  return text;
}
