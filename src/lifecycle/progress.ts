import { encodeJson } from '../core/encode-json.ts';
import { invalidRequest } from '../errors.ts';

/** Longest progress that is kept, in characters of JSON. */
export const MAX_PROGRESS = 16_000;

/** Progress over HTTP, as it is stored. @throws {AppError} invalid-request when it is too long or nested too deeply. */
export function progressText(progress: unknown): string {
  const text = encodeJson(progress, '/progress');
  if (text.length <= MAX_PROGRESS) return text;
  throw invalidRequest([
    { pointer: '/progress', detail: `must be JSON of at most ${MAX_PROGRESS} characters` },
  ]);
}
