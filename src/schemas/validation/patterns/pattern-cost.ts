import { type PatternNode, parsePattern } from './parse-pattern.ts';
import { Positions } from './positions.ts';

/** A search in a text of n characters takes at most about `factor` times n to the power of `degree` steps. */
export interface PatternCost {
  readonly degree: number;
  readonly factor: number;
}

/** Longer patterns are not looked at. */
const MAX_LENGTH = 1_000;
/** More ways through a pattern than these are as bad as ways that double with each character. */
const MAX_FACTOR = 1_000;

/**
 * How long V8 may take to search with a pattern, at worst. It tries one way after another; `undefined` when the number of ways
 * may double with each character, or cannot be told.
 */
export function patternCost(pattern: string): PatternCost | undefined {
  if (pattern.length > MAX_LENGTH) return undefined;
  const node = parsePattern(pattern);
  return node && costOfNode(node, isAnchored(node));
}

function costOfNode(node: PatternNode, anchored: boolean): PatternCost | undefined {
  const positions = new Positions(node);
  if (!positions.isClear) return undefined;
  const work = new Work(positions).from(0);
  if (work === undefined) return undefined;
  const looks = [...positions.looks].map((look) => costOfNode(look, true));
  let deepest = 0;
  let { factor } = work;
  for (const look of looks) {
    if (look === undefined) return undefined;
    deepest = Math.max(deepest, look.degree);
    factor += look.factor;
  }
  // At worst, each step looks ahead, and each place of the text is a start.
  const degree = work.degree + deepest + (anchored ? 0 : 1);
  return { degree: Math.max(1, degree), factor };
}

/** Whether a match can only begin at the start of the text: other starts then fail at once. */
function isAnchored(node: PatternNode): boolean {
  if (node.kind === 'start') return true;
  if (node.kind === 'either') return node.parts.every(isAnchored);
  const first = node.kind === 'sequence' ? node.parts[0] : undefined;
  return first !== undefined && isAnchored(first);
}

/** States that lead to each other; a single state may be a loop or not. */
interface Component {
  readonly states: ReadonlySet<number>;
  readonly isLoop: boolean;
}

/** How many steps the automaton takes in a text at most: `factor` times n to the power of `degree`. */
class Work {
  readonly #positions: Positions;
  readonly #componentOf = new Map<number, Component>();
  readonly #work = new Map<Component, PatternCost | undefined>();

  constructor(positions: Positions) {
    this.#positions = positions;
    for (const states of componentsOf(positions.next)) {
      const [only = 0] = states;
      const isLoop = states.size > 1 || positions.next[only]?.includes(only) === true;
      const component = { states, isLoop };
      for (const state of states) this.#componentOf.set(state, component);
      // Those that it leads to come first.
      this.#work.set(component, this.#workFrom(component));
    }
  }

  from(state: number): PatternCost | undefined {
    const component = this.#componentOf.get(state);
    return component && this.#work.get(component);
  }

  #workFrom(component: Component): PatternCost | undefined {
    let most: PatternCost = { degree: component.isLoop ? 1 : 0, factor: 1 };
    for (const state of component.states) {
      for (const to of this.#positions.next[state] ?? []) {
        const work = this.#together(component, this.#positions.rivals(state, to));
        if (work === undefined || work.factor > MAX_FACTOR) return undefined;
        const isMore =
          work.degree > most.degree || (work.degree === most.degree && work.factor > most.factor);
        if (isMore) most = work;
      }
    }
    return most;
  }

  /** The work in several states that one character leads to, tried one after another. */
  #together({ states, isLoop }: Component, rivals: readonly number[]): PatternCost | undefined {
    let stays = 0;
    let degree = 0;
    let factor = 0;
    for (const state of rivals) {
      if (isLoop && states.has(state)) {
        stays += 1;
        continue;
      }
      const work = this.from(state);
      if (work === undefined) return undefined;
      degree = Math.max(degree, work.degree);
      factor += work.factor;
    }
    // Each round of the loop may double the ways.
    if (stays > 1) return undefined;
    factor = Math.max(1, factor);
    if (!isLoop) return { degree, factor };
    // A text that may leave the loop in each round does so in each, at worst.
    return { degree: stays === 1 && rivals.length > 1 ? degree + 1 : Math.max(1, degree), factor };
  }
}

/** The strongly connected components, each after those that it leads to (Tarjan). */
function componentsOf(next: readonly (readonly number[])[]): Set<number>[] {
  const components: Set<number>[] = [];
  const order = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const visit = (state: number): number => {
    const index = order.size;
    order.set(state, index);
    open.push(state);
    isOpen.add(state);
    let lowest = index;
    for (const to of next[state] ?? []) {
      const seen = order.get(to);
      if (seen === undefined) lowest = Math.min(lowest, visit(to));
      else if (isOpen.has(to)) lowest = Math.min(lowest, seen);
    }
    if (lowest === index) {
      const states = new Set(open.splice(open.indexOf(state)));
      for (const member of states) isOpen.delete(member);
      components.push(states);
    }
    return lowest;
  };
  visit(0);
  return components;
}
