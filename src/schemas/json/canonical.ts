import { MAX_STORED_DEPTH } from './depth.ts';
import { JsonText } from './json-text.ts';
import { blanksEnd, CODE, scalarEnd, stringEnd } from './tokens.ts';

/** How numbers are compared: by their exact decimal value, or as JavaScript rounds them. */
export type Numbers = 'exact' | 'rounded';

/**
 * The canonical JSON of a value: equal for equal values, whatever their spelling. Members are sorted, strings and
 * numbers have one spelling: 1.0 and 10e-1 are 1. Blanks do not count. A text that is nested too deeply to be stored
 * stays as it is.
 */
export function canonicalJson(value: unknown, numbers: Numbers): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const steps = canonicalSteps(value, numbers);
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value;
}

/** As `canonicalJson`, in small steps: others may get their turn after each of them. */
export function* canonicalSteps(value: unknown, numbers: Numbers): Generator<void, string> {
  if (value instanceof JsonText) {
    if (value.facts.depth > MAX_STORED_DEPTH) return value.text;
    return yield* new Canonicalizer(value.text, numbers).value();
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) {
    const items: string[] = [];
    for (const item of value) items.push(yield* canonicalSteps(item, numbers));
    return `[${items.join(',')}]`;
  }
  const members: Member[] = [];
  for (const [name, member] of Object.entries(value)) {
    members.push([name, `${JSON.stringify(name)}:${yield* canonicalSteps(member, numbers)}`]);
  }
  return canonicalObject(members);
}

/** The name of a member, and both as canonical JSON. */
type Member = [name: string, text: string];

function canonicalObject(members: Member[]): string {
  const isSorted = members.every(([name], i) => i === 0 || (members[i - 1] as Member)[0] < name);
  if (!isSorted) members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([, text]) => text).join(',')}}`;
}

const isOpening = (code: number): boolean => code === CODE.openArray || code === CODE.openObject;

/** Values between two steps: a step out of deep levels takes longer than a value. */
const STEPS_AT_ONCE = 200;

/** Reads a JSON text from its start. */
class Canonicalizer {
  readonly #json: Buffer;
  readonly #numbers: Numbers;
  #at = 0;
  #steps = 0;

  constructor(text: string, numbers: Numbers) {
    this.#json = Buffer.from(text);
    this.#numbers = numbers;
  }

  *value(): Generator<void, string> {
    const code = this.#next();
    return isOpening(code) ? yield* this.#container(code) : this.#scalar(code);
  }

  *#container(code: number): Generator<void, string> {
    this.#steps += 1;
    if (this.#steps % STEPS_AT_ONCE === 0) yield;
    return code === CODE.openArray ? yield* this.#array() : yield* this.#object();
  }

  #scalar(code: number): string {
    if (code === CODE.quote) return this.#string();
    const source = this.#slice(scalarEnd(this.#json, this.#at));
    return source.length === 1 || /^[a-z]/.test(source) ? source : canonicalNumber(source, this.#numbers);
  }

  *#array(): Generator<void, string> {
    const items: string[] = [];
    this.#at += 1;
    while (this.#next() !== CODE.closeArray) {
      const code = this.#next();
      items.push(isOpening(code) ? yield* this.#container(code) : this.#scalar(code));
      if (items.length % STEPS_AT_ONCE === 0) yield;
      if (this.#next() === CODE.comma) this.#at += 1;
    }
    this.#at += 1;
    return `[${items.join(',')}]`;
  }

  *#object(): Generator<void, string> {
    // Of equal names the last one counts, as for `JSON.parse`.
    const members = new Map<string, string>();
    this.#at += 1;
    while (this.#next() !== CODE.closeObject) {
      const quoted = this.#string();
      this.#next();
      this.#at += 1;
      const name = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
      const code = this.#next();
      const text = isOpening(code) ? yield* this.#container(code) : this.#scalar(code);
      members.set(name, `${quoted}:${text}`);
      if (members.size % STEPS_AT_ONCE === 0) yield;
      if (this.#next() === CODE.comma) this.#at += 1;
    }
    this.#at += 1;
    return canonicalObject([...members]);
  }

  /** A string in its one spelling: with the fewest escapes. Most have none. */
  #string(): string {
    const source = this.#slice(stringEnd(this.#json, this.#at, { hasLoneSurrogate: false }));
    return source.includes('\\') ? JSON.stringify(JSON.parse(source)) : source;
  }

  /** The code of the next character that is not blank. */
  #next(): number {
    this.#at = blanksEnd(this.#json, this.#at);
    return this.#json[this.#at] ?? -1;
  }

  #slice(end: number): string {
    const start = this.#at;
    this.#at = end;
    return this.#json.toString('utf8', start, end);
  }
}

/** Longer exponents are compared as they are written: no number that anybody computes with has one. */
const MAX_EXPONENT_DIGITS = 15;

/** A number that JavaScript holds exactly is written as JavaScript does, so that fingerprints of older releases match. */
function canonicalNumber(source: string, numbers: Numbers): string {
  const rounded = JSON.stringify(Number(source));
  if (numbers === 'rounded' || rounded === source) return rounded;
  const exact = decimalOf(source);
  return rounded !== 'null' && decimalOf(rounded) === exact ? rounded : exact;
}

/** Sign, digits without zeros around them, and exponent: equal for equal numbers. */
function decimalOf(source: string): string {
  const [, sign = '', whole = '', part = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const digits = (whole + part).replace(/^0+/, '');
  if (digits === '') return '0';
  const significant = trimZeros(digits);
  if (exponent.length > MAX_EXPONENT_DIGITS) return `${sign}${significant}.${whole.length}e${exponent}`;
  return `${sign}${significant}e${Number(exponent) - part.length + digits.length - significant.length}`;
}

/** Without the zeros at its end. A pattern would try each of many zeros in turn. */
function trimZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}
