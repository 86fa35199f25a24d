import type { Fault } from '../problem.ts';
import { pointerToken } from '../validation/faults.ts';
import { MAX_DEPTH } from './depth.ts';
import { JsonText } from './json-text.ts';
import type { JsonFacts } from './scan.ts';

/** Why a text from a client is refused although it is JSON; undefined when nothing is wrong with it. */
export function textFault(json: JsonText, base: string): Fault | undefined {
  if (json.isPlain) return undefined;
  return json.facts.depth > MAX_DEPTH
    ? { pointer: base, detail: `must not be nested deeper than ${MAX_DEPTH} levels` }
    : jsonFault(json.facts, () => json.parse(), base);
}

/**
 * Why a value from a client is refused although it is JSON: programs in some languages could not read it, or it is
 * dangerous in JavaScript. Undefined when nothing is wrong with it. A schema decides about its levels.
 *
 * @param parse gives the value. It is called only for a fault, to find its place.
 * @param base pointer to the value.
 */
export function jsonFault(facts: Readonly<JsonFacts>, parse: () => unknown, base: string): Fault | undefined {
  if (facts.hasLoneSurrogate) {
    return { pointer: base + pointerTo(parse(), isNotWellFormed), detail: LONE_SURROGATE };
  }
  const pollution = facts.mayPollute ? pointerTo(parse(), changesPrototype) : '';
  return pollution === '' ? undefined : { pointer: base + pollution, detail: POLLUTION };
}

const LONE_SURROGATE =
  'has half of a surrogate pair, such as \\ud83d alone: send whole characters, or U+FFFD instead';
const POLLUTION = 'is __proto__ or constructor.prototype, which JavaScript cannot copy safely: rename it';

const isNotWellFormed = (name: string, value: unknown): boolean =>
  !name.isWellFormed() || (typeof value === 'string' && !value.isWellFormed());

const changesPrototype = (name: string, value: unknown): boolean =>
  name === '__proto__' || (name === 'constructor' && Object.hasOwn(Object(value), 'prototype'));

/** A list or an object that is looked through. */
interface Frame {
  readonly members: Readonly<Record<string, unknown>>;
  /** Of the members of an object; undefined for a list. */
  readonly names: readonly string[] | undefined;
  readonly count: number;
  /** The member that is looked at next. */
  next: number;
}

/** Pointer to the first part that is so, or '' for the value itself. Uses no stack for nesting. */
function pointerTo(value: unknown, isIt: (name: string, value: unknown) => boolean): string {
  const path: Frame[] = [];
  const enter = (part: unknown) => {
    if (typeof part !== 'object' || part === null || part instanceof JsonText) return;
    const names = Array.isArray(part) ? undefined : Object.keys(part);
    const members = part as Readonly<Record<string, unknown>>;
    path.push({ members, names, count: names?.length ?? (part as unknown[]).length, next: 0 });
  };
  enter(value);
  for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
    const { members, names, count, next } = frame;
    if (next === count) {
      path.pop();
      continue;
    }
    frame.next += 1;
    const child = members[names?.[next] ?? next];
    if (isIt(names?.[next] ?? '', child)) return pointerOf(path);
    enter(child);
  }
  return '';
}

const pointerOf = (path: readonly Frame[]): string =>
  path
    .map(({ names, next }) => `/${names === undefined ? next - 1 : pointerToken(names[next - 1] ?? '')}`)
    .join('');
