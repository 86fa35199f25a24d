/** The last moment that a JavaScript date can hold, Unix ms (ECMA-262, 21.4.1.1). */
export const MAX_TIME_MS = 8.64e15;

/**
 * Unix ms of a time that has the format `date-time`. That allows more than `Date.parse` reads: a leap second, which is taken
 * for the second after it, offsets without minutes or colon, and small letters.
 */
export function timeMs(text: string): number {
  const iso = text
    .toUpperCase()
    .replace(/\s/, 'T')
    .replace(/([+-]\d\d)(\d\d)?$/, (_, hours: string, minutes = '00') => `${hours}:${minutes}`);
  const plain = iso.replace(LEAP_SECOND, ':59');
  return Date.parse(plain) + (plain === iso ? 0 : 1_000);
}

const LEAP_SECOND = /:60(?=[.Z+-])/;

let lastTime = { ms: 0, text: new Date(0).toISOString() };

/** RFC 3339 in UTC, from Unix ms. Keeps the last text: many jobs share a millisecond. */
export function toTimestamp(ms: number): string {
  if (ms !== lastTime.ms) lastTime = { ms, text: new Date(ms).toISOString() };
  return lastTime.text;
}
