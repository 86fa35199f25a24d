import { clip } from './clip.ts';
import { reportedJson } from './reported-error.ts';

/** Longest progress that is stored, in characters of JSON. */
export const MAX_PROGRESS = 16_000;

/** Progress of a handler as JSON text; undefined becomes null. @throws {TypeError} for no JSON, or too much of it. */
export function encodeProgress(value: unknown): string {
  const text: string | undefined = JSON.stringify(value ?? null);
  if (text !== undefined && text.length <= MAX_PROGRESS) return text;
  throw new TypeError(`progress must be JSON of at most ${MAX_PROGRESS} characters`);
}

/** What is kept of progress over HTTP that is too long; with escapes it is several times as long. */
const KEPT = 2_000;

/** Progress over HTTP as JSON text. Of one that is too long only the beginning is kept, as a text. Never refuses any. */
export function encodeReportedProgress(progress: unknown): string {
  const text = reportedJson(progress ?? null) ?? TOO_DEEP;
  if (text.length <= MAX_PROGRESS) return text;
  return JSON.stringify(clip(typeof progress === 'string' ? progress : text, KEPT));
}

const TOO_DEEP = JSON.stringify('The progress is nested too deeply to be shown');
