interface RawJson {
  rawJSON?(text: string): unknown;
}
interface Source {
  readonly source?: string;
}

const { rawJSON } = JSON as unknown as RawJson;

/** Numbers that JavaScript would round keep their text: a payload may hold ids of 64 bits. */
const keepNumbers = (_name: string, value: unknown, context?: Source): unknown =>
  typeof value === 'number' &&
  !Number.isSafeInteger(value) &&
  context?.source !== undefined &&
  String(value) !== context.source
    ? rawJSON?.(context.source)
    : value;

/** A number that may lose digits. */
const LONG_NUMBER = /[\d.]{16}|\d[eE]/;

/** Parses an answer. Numbers that would lose digits stay as they are where the browser can do so. */
export const parseJson = (text: string): unknown =>
  rawJSON === undefined || !LONG_NUMBER.test(text)
    ? JSON.parse(text)
    : JSON.parse(text, keepNumbers as (name: string, value: unknown) => unknown);
