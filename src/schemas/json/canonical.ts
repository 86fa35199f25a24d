import { JoinedParts, type Member, PARTS_AT_ONCE, sortedMembers } from './canonical-parts.ts';
import { MAX_STORED_DEPTH } from './depth.ts';
import { JsonText } from './json-text.ts';
import { blanksEnd, CODE, scalarEnd, stringCut, stringEnd } from './tokens.ts';

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
    const items = new JoinedParts();
    for (const item of value) items.add(yield* canonicalSteps(item, numbers));
    return `[${items}]`;
  }
  const members: Member[] = [];
  for (const [name, member] of Object.entries(value)) {
    members.push([name, yield* canonicalSteps(member, numbers)]);
  }
  return yield* canonicalObject(members);
}

/** Of equal names the last one counts, as for `JSON.parse`. */
function* canonicalObject(members: Member[]): Generator<void, string> {
  const sorted = yield* sortedMembers(members);
  const parts = new JoinedParts();
  for (let i = 0; i < sorted.length; i += 1) {
    if (i % PARTS_AT_ONCE === PARTS_AT_ONCE - 1) yield;
    const [name, text] = sorted[i] as Member;
    if (sorted[i + 1]?.[0] !== name) parts.add(`${JSON.stringify(name)}:${text}`);
  }
  return `{${parts}}`;
}

const isOpening = (code: number): boolean => code === CODE.openArray || code === CODE.openObject;

/** Bytes of a string that are read at once. */
const PIECE_BYTES = 65_536;

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
    return isOpening(code)
      ? yield* this.#container(code)
      : (this.#scalar(code) ?? (yield* this.#longString()));
  }

  *#container(code: number): Generator<void, string> {
    this.#steps += 1;
    if (this.#steps % PARTS_AT_ONCE === 0) yield;
    return code === CODE.openArray ? yield* this.#array() : yield* this.#object();
  }

  /** Undefined for a string that is to be read in pieces. */
  #scalar(code: number): string | undefined {
    if (code === CODE.quote) return this.#shortString();
    const source = this.#slice(scalarEnd(this.#json, this.#at));
    return source.length === 1 || /^[a-z]/.test(source) ? source : canonicalNumber(source, this.#numbers);
  }

  *#array(): Generator<void, string> {
    const items = new JoinedParts();
    this.#at += 1;
    for (let count = 1; this.#next() !== CODE.closeArray; count += 1) {
      const code = this.#next();
      const text = isOpening(code) ? yield* this.#container(code) : this.#scalar(code);
      items.add(text ?? (yield* this.#longString()));
      if (count % PARTS_AT_ONCE === 0) yield;
      if (this.#next() === CODE.comma) this.#at += 1;
    }
    this.#at += 1;
    return `[${items}]`;
  }

  *#object(): Generator<void, string> {
    const members: Member[] = [];
    this.#at += 1;
    while (this.#next() !== CODE.closeObject) {
      const name = this.#name();
      this.#next();
      this.#at += 1;
      const code = this.#next();
      const text = isOpening(code) ? yield* this.#container(code) : this.#scalar(code);
      members.push([name, text ?? (yield* this.#longString())]);
      if (members.length % PARTS_AT_ONCE === 0) yield;
      if (this.#next() === CODE.comma) this.#at += 1;
    }
    this.#at += 1;
    return yield* canonicalObject(members);
  }

  #name(): string {
    const source = this.#slice(stringEnd(this.#json, this.#at, { hasLoneSurrogate: false }));
    return source.includes('\\') ? (JSON.parse(source) as string) : source.slice(1, -1);
  }

  #shortString(): string | undefined {
    const end = stringCut(this.#json, this.#at + 1, this.#at + PIECE_BYTES);
    return this.#json[end] === CODE.quote ? withFewestEscapes(this.#slice(end + 1)) : undefined;
  }

  *#longString(): Generator<void, string> {
    let text = '"';
    this.#at += 1;
    while (this.#json[this.#at] !== CODE.quote) {
      const piece = this.#slice(stringCut(this.#json, this.#at, this.#at + PIECE_BYTES));
      text += withFewestEscapes(`"${piece}"`).slice(1, -1);
      yield;
    }
    this.#at += 1;
    return `${text}"`;
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

/** A string in its one spelling. Most have no escapes. */
const withFewestEscapes = (source: string): string =>
  source.includes('\\') ? JSON.stringify(JSON.parse(source)) : source;

/** Longer numbers are compared as they are written, too: they would take long. */
const MAX_NUMBER_LENGTH = 100_000;

/** Longer exponents are compared as they are written: no number that anybody computes with has one. */
const MAX_EXPONENT_DIGITS = 15;

/** A number that JavaScript holds exactly is written as JavaScript does, so that fingerprints of older releases match. */
function canonicalNumber(source: string, numbers: Numbers): string {
  if (source.length > MAX_NUMBER_LENGTH && numbers === 'exact') return source;
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
