/** Code points as ranges in ascending order: the first and the last of each. */
export type CharSet = readonly (readonly [first: number, last: number])[];

const MAX_CODE_POINT = 0x10ffff;

export const ANY_CHAR: CharSet = [[0, MAX_CODE_POINT]];

export const charSet = (...chars: readonly string[]): CharSet =>
  union(chars.map((char): CharSet => [[char.codePointAt(0) ?? 0, char.codePointAt(0) ?? 0]]));

export function union(sets: readonly CharSet[]): CharSet {
  const ranges = sets.flat().sort(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [first, last] of ranges) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export function complement(set: CharSet): CharSet {
  const others: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) others.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= MAX_CODE_POINT) others.push([next, MAX_CODE_POINT]);
  return others;
}

/** Whether some character is in both. */
export function overlaps(a: CharSet, b: CharSet): boolean {
  return a.some(([first, last]) => b.some(([from, to]) => first <= to && from <= last));
}

const range = (first: string, last: string): CharSet => [
  [first.codePointAt(0) ?? 0, last.codePointAt(0) ?? 0],
];

const DIGITS = range('0', '9');
const WORD = union([DIGITS, range('A', 'Z'), charSet('_'), range('a', 'z')]);
const LINE_ENDS = charSet('\n', '\r', '\u2028', '\u2029');
const BLANKS = union([
  LINE_ENDS,
  charSet('\t', '\v', '\f', ' ', '\u00a0', '\u1680', '\u202f', '\u205f', '\u3000', '\ufeff'),
  range('\u2000', '\u200a'),
]);

/** Of `.` without the flag `s`. */
export const NO_LINE_END = complement(LINE_ENDS);

/** Of the escapes that stand for several characters. */
export const ESCAPED_SETS: ReadonlyMap<string, CharSet> = new Map([
  ['d', DIGITS],
  ['D', complement(DIGITS)],
  ['w', WORD],
  ['W', complement(WORD)],
  ['s', BLANKS],
  ['S', complement(BLANKS)],
]);
