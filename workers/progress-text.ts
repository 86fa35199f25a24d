/** Longest progress that is written, in characters of JSON. */
const MAX_LENGTH = 16_000;

/** The JSON text of a report. @throws {TypeError} when the value is not JSON, or too long. */
export function progressText(value: unknown): string {
  const text: string | undefined = JSON.stringify(value ?? null);
  if (text === undefined || text.length > MAX_LENGTH) {
    throw new TypeError(`progress takes JSON of at most ${MAX_LENGTH} characters`);
  }
  return text;
}
