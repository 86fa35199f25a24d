import { isDeeper, MAX_DEPTH } from '../schemas/json/depth.ts';
import { clip, wellFormedJson } from '../schemas/json/well-formed.ts';
import { reportedJson } from './reported-error.ts';
import { usableJson } from './unusable-value.ts';

/** Longest progress that is stored, in characters of JSON. */
export const MAX_PROGRESS = 16_000;

/**
 * Progress of a handler as JSON text; undefined becomes null.
 *
 * @throws {UnusableValue} when JSON cannot say it; {TypeError} when it is too long.
 */
export function encodeProgress(value: unknown): string {
  const text = usableJson(value, 'progress');
  if (text.length > MAX_PROGRESS) {
    throw new TypeError(`progress must be JSON of at most ${MAX_PROGRESS} characters; it has ${text.length}`);
  }
  return isDeeper(text, MAX_DEPTH) ? TOO_DEEP : wellFormedJson(text);
}

/** What is kept of progress over HTTP that is too long; with escapes it is several times as long. */
const KEPT = 2_000;

/** Progress over HTTP as JSON text. Of one that is too long only the beginning is kept, as a text. Never refuses any. */
export function encodeReportedProgress(progress: unknown): string {
  const json = reportedJson(progress ?? null);
  if (json === undefined) return TOO_DEEP;
  if (json.text.length <= MAX_PROGRESS) return json.text;
  // A list of a million items takes long to parse.
  const text = json.text.startsWith('"') ? (json.parse() as string) : json.text;
  return JSON.stringify(clip(text, KEPT));
}

const TOO_DEEP = JSON.stringify('The progress is nested too deeply to be shown');
