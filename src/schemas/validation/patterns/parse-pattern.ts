import { ANY_CHAR, type CharSet, complement, ESCAPED_SETS, NO_LINE_END, union } from './char-set.ts';

/** The tree of a regular expression, as far as it matters for the time that a search takes. */
export type PatternNode =
  | { readonly kind: 'char'; readonly set: CharSet }
  | { readonly kind: 'sequence' | 'either'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly min: number; readonly max: number }
  /** Takes no character. */
  | { readonly kind: 'start' | 'assertion' }
  | { readonly kind: 'look'; readonly part: PatternNode };

/** Deeper groups are left alone: the parser uses the stack for each. */
const MAX_GROUPS = 50;

/**
 * Parses a pattern that `new RegExp(pattern, 'u')` takes. Undefined for one with parts whose time nobody can tell, such as
 * references to a group.
 */
export function parsePattern(pattern: string): PatternNode | undefined {
  const parser = new Parser(pattern);
  const node = parser.either();
  return parser.isUnderstood ? node : undefined;
}

const NOTHING: PatternNode = { kind: 'assertion' };

const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
  ['0', 0],
]);

class Parser {
  readonly #chars: readonly string[];
  #at = 0;
  #groups = 0;
  isUnderstood = true;

  constructor(pattern: string) {
    this.#chars = [...pattern];
  }

  either(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#takes('|')) parts.push(this.#sequence());
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'either', parts };
  }

  get #next(): string | undefined {
    return this.isUnderstood ? this.#chars[this.#at] : undefined;
  }

  #takes(text: string): boolean {
    if (!this.isUnderstood || this.#chars.slice(this.#at, this.#at + text.length).join('') !== text)
      return false;
    this.#at += text.length;
    return true;
  }

  #giveUp(): PatternNode {
    this.isUnderstood = false;
    return NOTHING;
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') {
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(part: PatternNode): PatternNode {
    const [min, max] = this.#counts();
    if (min === undefined || max === undefined) return part;
    this.#takes('?');
    return { kind: 'repeat', part, min, max };
  }

  #counts(): [min?: number, max?: number] {
    if (this.#takes('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#takes('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#takes('?')) return [0, 1];
    if (!this.#takes('{')) return [];
    const [, min = '', hasMax, max = ''] = /^(\d+)(,?)(\d*)$/.exec(this.#until('}')) ?? [];
    if (min === '') this.#giveUp();
    if (hasMax === '') return [Number(min), Number(min)];
    return [Number(min), max === '' ? Number.POSITIVE_INFINITY : Number(max)];
  }

  #until(end: string): string {
    const at = this.#chars.indexOf(end, this.#at);
    if (at === -1) this.isUnderstood = false;
    const text = this.#chars.slice(this.#at, Math.max(at, this.#at)).join('');
    this.#at = at + 1;
    return text;
  }

  #atom(): PatternNode {
    if (this.#takes('^')) return { kind: 'start' };
    if (this.#takes('$') || this.#takes('\\b') || this.#takes('\\B')) return { kind: 'assertion' };
    if (this.#takes('.')) return { kind: 'char', set: NO_LINE_END };
    if (this.#takes('[')) return { kind: 'char', set: this.#class() };
    if (this.#takes('(')) return this.#group();
    return { kind: 'char', set: this.#char() };
  }

  #group(): PatternNode {
    this.#groups += 1;
    if (this.#groups > MAX_GROUPS) return this.#giveUp();
    const isLook = this.#takes('?=') || this.#takes('?!') || this.#takes('?<=') || this.#takes('?<!');
    if (!isLook && !this.#takes('?:')) {
      if (this.#takes('?<')) this.#until('>');
      else if (this.#next === '?') return this.#giveUp();
    }
    const part = this.either();
    if (!this.#takes(')')) return this.#giveUp();
    this.#groups -= 1;
    return isLook ? { kind: 'look', part } : part;
  }

  #class(): CharSet {
    const isNegated = this.#takes('^');
    const sets: CharSet[] = [];
    while (this.#next !== undefined && !this.#takes(']')) {
      const first = this.#char();
      if (this.#next !== '-' || this.#chars[this.#at + 1] === ']') {
        sets.push(first);
        continue;
      }
      this.#at += 1;
      sets.push(rangeOf(first, this.#char()));
    }
    const set = union(sets);
    return isNegated ? complement(set) : set;
  }

  /** One character, or an escape for several. */
  #char(): CharSet {
    const char = this.#next;
    if (char === undefined) return ANY_CHAR;
    this.#at += 1;
    return char === '\\' ? this.#escape() : one(char.codePointAt(0));
  }

  #escape(): CharSet {
    const char = this.#next ?? '';
    this.#at += 1;
    const set = ESCAPED_SETS.get(char);
    if (set !== undefined) return set;
    if (char === 'p' || char === 'P') {
      this.#until('}');
      return ANY_CHAR;
    }
    if (char === 'x') return this.#hex(2);
    if (char === 'u') return this.#takes('{') ? one(Number.parseInt(this.#until('}'), 16)) : this.#hex(4);
    if (char === 'c') return one((this.#chars[this.#at++]?.codePointAt(0) ?? 0) % 32);
    // A group is matched again: the text decides how long that takes.
    if (/[1-9k]/.test(char)) this.isUnderstood = false;
    return one(CONTROLS.get(char) ?? char.codePointAt(0));
  }

  #hex(digits: number): CharSet {
    const code = Number.parseInt(this.#chars.slice(this.#at, this.#at + digits).join(''), 16);
    this.#at += digits;
    // Half of a surrogate pair may stand for any character beyond the basic plane.
    return code >= 0xd800 && code <= 0xdfff ? ANY_CHAR : one(code);
  }
}

const one = (code: number | undefined): CharSet =>
  code === undefined || Number.isNaN(code) ? ANY_CHAR : [[code, code]];

function rangeOf(from: CharSet, to: CharSet): CharSet {
  const first = from[0]?.[0] ?? 0;
  const last = to.at(-1)?.[1] ?? 0;
  return first <= last ? [[first, last]] : ANY_CHAR;
}
