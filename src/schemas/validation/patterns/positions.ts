import { type CharSet, overlaps } from './char-set.ts';
import type { PatternNode } from './parse-pattern.ts';

/** More characters in a pattern than these are not looked at. */
const MAX_POSITIONS = 400;
/** A repetition is written out while it makes at most so many positions. */
const MAX_WRITTEN_OUT = 64;
/** Bounds the time that this takes, as `MAX_PAIRS` bounds what follows. */
const MAX_LINKS = 5_000;
/** Pairs of states that follow the same state. */
const MAX_PAIRS = 50_000;

/** A part of the pattern: whether it may take nothing, and where it begins and ends. */
interface Part {
  readonly mayBeEmpty: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const EMPTY: Part = { mayBeEmpty: true, first: [], last: [] };

/**
 * The automaton of Glushkov: a state for each character of the pattern. A backtracking matcher walks on it. State 0 is
 * the start.
 */
export class Positions {
  readonly sets: CharSet[] = [[]];
  readonly next: number[][] = [[]];
  /** Parts that look ahead or behind. */
  readonly looks = new Set<PatternNode>();
  /** Each walk takes another text, as far as the edges tell. Without that, the number of walks is unknown. */
  isClear = true;
  #links = 0;

  constructor(node: PatternNode) {
    const { first } = this.#build(node);
    this.#link([0], first);
    if (this.next.reduce((sum, { length }) => sum + length * length, 0) > MAX_PAIRS) this.isClear = false;
  }

  /** The states that may follow `from` by a character that also leads to `to`, with `to` itself. */
  rivals(from: number, to: number): number[] {
    const set = this.sets[to] ?? [];
    return (this.next[from] ?? []).filter((other) => overlaps(set, this.sets[other] ?? []));
  }

  #build(node: PatternNode): Part {
    if (!this.isClear) return EMPTY;
    switch (node.kind) {
      case 'char':
        return this.#add(node.set);
      case 'sequence':
        return node.parts.map((part) => this.#build(part)).reduce((a, b) => this.#join(a, b), EMPTY);
      case 'either':
        return this.#either(node.parts.map((part) => this.#build(part)));
      case 'repeat':
        return this.#repeat(node.part, node.min, node.max);
      case 'look':
        this.looks.add(node.part);
        return EMPTY;
      default:
        return EMPTY;
    }
  }

  #add(set: CharSet): Part {
    const position = this.sets.push(set) - 1;
    this.next.push([]);
    if (position >= MAX_POSITIONS) this.isClear = false;
    return { mayBeEmpty: false, first: [position], last: [position] };
  }

  #link(from: readonly number[], to: readonly number[]): void {
    for (const state of from) {
      if (this.#links > MAX_LINKS) this.isClear = false;
      if (!this.isClear) return;
      const next = this.next[state] ?? [];
      for (const other of to) {
        // Two ways of the pattern for one text, as in (a+)+.
        if (next.includes(other)) this.isClear = false;
        next.push(other);
        this.#links += 1;
      }
    }
  }

  #join(a: Part, b: Part): Part {
    this.#link(a.last, b.first);
    return {
      mayBeEmpty: a.mayBeEmpty && b.mayBeEmpty,
      first: a.mayBeEmpty ? [...a.first, ...b.first] : a.first,
      last: b.mayBeEmpty ? [...a.last, ...b.last] : b.last,
    };
  }

  #either(parts: readonly Part[]): Part {
    const empty = parts.filter(({ mayBeEmpty }) => mayBeEmpty).length;
    if (empty > 1) this.isClear = false;
    return {
      mayBeEmpty: empty > 0,
      first: parts.flatMap(({ first }) => first),
      last: parts.flatMap(({ last }) => last),
    };
  }

  #repeat(node: PatternNode, min: number, max: number): Part {
    if (max === 0) return EMPTY;
    const size = sizeOf(node);
    // A part without a character would be written out for ever.
    if (max > 1 && (size === 0 || size * max > MAX_WRITTEN_OUT)) return this.#loop(node, min);
    let tail = EMPTY;
    for (let i = max; i > min; i -= 1) tail = this.#optional(this.#join(this.#build(node), tail));
    let all = EMPTY;
    for (let i = 0; i < min; i += 1) all = this.#join(all, this.#build(node));
    return this.#join(all, tail);
  }

  #optional(part: Part): Part {
    if (part.mayBeEmpty) this.isClear = false;
    return { ...part, mayBeEmpty: true };
  }

  /** Without a bound: a text that a bound refuses is only refused earlier. */
  #loop(node: PatternNode, min: number): Part {
    const part = this.#build(node);
    if (part.mayBeEmpty) this.isClear = false;
    this.#link(part.last, part.first);
    return min === 0 ? { ...part, mayBeEmpty: true } : part;
  }
}

/** How many positions a part makes. */
function sizeOf(node: PatternNode): number {
  switch (node.kind) {
    case 'char':
      return 1;
    case 'sequence':
    case 'either':
      return node.parts.reduce((sum, part) => sum + sizeOf(part), 0);
    case 'repeat': {
      const size = sizeOf(node.part);
      return size * node.max <= MAX_WRITTEN_OUT ? size * node.max : size;
    }
    default:
      return 0;
  }
}
