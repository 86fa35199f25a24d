/** Codes of the characters that JSON consists of. */
export const CODE = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  backslash: 0x5c,
  openArray: 0x5b,
  closeArray: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

const SPACE = 0x20;
const [TAB, LINE_FEED, RETURN] = [0x09, 0x0a, 0x0d];
const [PLUS, MINUS, POINT] = [0x2b, 0x2d, 0x2e];
const [ZERO, NINE] = [0x30, 0x39];
const [UPPER_E, LOWER_E] = [0x45, 0x65];
export const LOWER_U = 0x75;
const SIMPLE_ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
const LITERALS = ['true', 'false', 'null'].map((literal) => Buffer.from(literal));
/** Bytes of an escape such as `\ud83d`. */
export const UNICODE_ESCAPE = 6;

/** What a string told about itself while it was read. */
export interface StringFacts {
  hasLoneSurrogate: boolean;
  /** U+FFFD is written over each of them. */
  readonly isMended?: boolean | undefined;
}

/** The index after the blanks at `at`. */
export function blanksEnd(json: Uint8Array, at: number): number {
  let end = at;
  for (let code = json[end]; isBlank(code); code = json[end]) end += 1;
  return end;
}

const isBlank = (code: number | undefined): boolean =>
  code === SPACE || code === LINE_FEED || code === RETURN || code === TAB;

/** The index after a string whose opening quote is at `at`; -1 when it is not JSON. Notes lone surrogates. */
export function stringEnd(json: Uint8Array, at: number, facts: StringFacts): number {
  const { length } = json;
  for (let i = at + 1; i < length; ) {
    const code = json[i] as number;
    if (code === CODE.quote) return i + 1;
    if (code < SPACE) return -1;
    if (code !== CODE.backslash) i += 1;
    else {
      i = escapeEnd(json, i, facts);
      if (i < 0) return -1;
    }
  }
  return -1;
}

/**
 * Where a string can be cut: behind whole characters, at `until` or a little later, or before its closing quote.
 *
 * @param at within a string that is JSON, at a character.
 */
export function stringCut(json: Uint8Array, at: number, until: number): number {
  let end = at;
  for (let code = json[end]; code !== CODE.quote; code = json[end]) {
    if (end >= until && !isInsideCharacter(code)) break;
    end = code === CODE.backslash ? escapeEnd(json, end, { hasLoneSurrogate: false }) : end + 1;
  }
  return end;
}

/** A byte of UTF-8 behind the first one of its character. */
const isInsideCharacter = (code: number | undefined): boolean => code !== undefined && code >> 6 === 0b10;

/** A pair of escaped surrogates is one escape. UTF-8 has no surrogates but those that are escaped. */
function escapeEnd(json: Uint8Array, at: number, facts: StringFacts): number {
  const code = json[at + 1] ?? -1;
  if (code !== LOWER_U) return SIMPLE_ESCAPES.has(code) ? at + 2 : -1;
  const unit = escapedUnit(json, at);
  if (unit < 0) return -1;
  const end = at + UNICODE_ESCAPE;
  if (unit < 0xd800 || unit > 0xdfff) return end;
  if (unit < 0xdc00 && json[end] === CODE.backslash && json[end + 1] === LOWER_U) {
    const second = escapedUnit(json, end);
    if (second >= 0xdc00 && second <= 0xdfff) return end + UNICODE_ESCAPE;
  }
  if (facts.isMended === true) replaceUnit(json, at);
  else facts.hasLoneSurrogate = true;
  return end;
}

/** The digits of U+FFFD. */
const REPLACEMENT = Buffer.from('fffd');

/** Writes U+FFFD over the escape at `at`. For four bytes a call of the buffer takes longer than this. */
function replaceUnit(json: Uint8Array, at: number): void {
  for (let i = 0; i < REPLACEMENT.length; i += 1) json[at + 2 + i] = REPLACEMENT[i] as number;
}

/** The UTF-16 unit of an escape such as `\u00e9`; -1 without four hexadecimal digits. */
export function escapedUnit(json: Uint8Array, at: number): number {
  let unit = 0;
  for (let i = at + 2; i < at + UNICODE_ESCAPE; i += 1) {
    const digit = hexDigit(json[i] ?? -1);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

/** The index after a number, `true`, `false` or `null`; -1 when there is none at `at`. */
export function scalarEnd(json: Uint8Array, at: number): number {
  const code = json[at];
  if (code === MINUS || isDigit(code)) return numberEnd(json, at);
  const literal = LITERALS.find(([first]) => first === code);
  if (literal === undefined) return -1;
  return literal.every((expected, i) => json[at + i] === expected) ? at + literal.length : -1;
}

function numberEnd(json: Uint8Array, at: number): number {
  const start = json[at] === MINUS ? at + 1 : at;
  // After a leading 0 there is no other digit.
  let end = json[start] === ZERO ? start + 1 : digitsEnd(json, start);
  if (end > 0 && json[end] === POINT) end = digitsEnd(json, end + 1);
  const letter = end < 0 ? undefined : json[end];
  if (letter !== LOWER_E && letter !== UPPER_E) return end;
  const sign = json[end + 1];
  return digitsEnd(json, sign === PLUS || sign === MINUS ? end + 2 : end + 1);
}

/** The index after the digits at `at`; -1 without any. */
function digitsEnd(json: Uint8Array, at: number): number {
  let end = at;
  while (isDigit(json[end])) end += 1;
  return end === at ? -1 : end;
}

const isDigit = (code: number | undefined): boolean => code !== undefined && code >= ZERO && code <= NINE;
