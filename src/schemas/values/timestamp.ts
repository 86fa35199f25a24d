/** The last moment that a JavaScript date can hold, Unix ms (ECMA-262, 21.4.1.1). */
export const MAX_TIME_MS = 8.64e15;

let lastTime = { ms: 0, text: new Date(0).toISOString() };

/** RFC 3339 in UTC, from Unix ms. Keeps the last text: many jobs share a millisecond. */
export function toTimestamp(ms: number): string {
  if (ms !== lastTime.ms) lastTime = { ms, text: new Date(ms).toISOString() };
  return lastTime.text;
}
