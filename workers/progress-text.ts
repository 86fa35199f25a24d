import { MAX_PROGRESS } from '../src/lifecycle/progress.ts';

/** The JSON text of a report. @throws {TypeError} when the value is not JSON, or too long. */
export function progressText(value: unknown): string {
  const text: string | undefined = JSON.stringify(value ?? null);
  if (text === undefined || text.length > MAX_PROGRESS) {
    throw new TypeError(`progress takes JSON of at most ${MAX_PROGRESS} characters`);
  }
  return text;
}
