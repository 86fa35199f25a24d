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

/** Pointer to the first part that is so, or '' for the value itself. Uses no stack for nesting. */
function pointerTo(value: unknown, isIt: (name: string, value: unknown) => boolean): string {
  const open = [{ pointer: '', value }];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (typeof part.value !== 'object' || part.value === null || part.value instanceof JsonText) continue;
    const { pointer } = part;
    const children = Object.entries(part.value).map(([name, child]) => ({
      name,
      pointer: `${pointer}/${pointerToken(name)}`,
      value: child as unknown,
    }));
    const found = children.find((child) => isIt(child.name, child.value));
    if (found !== undefined) return found.pointer;
    open.push(...children.reverse());
  }
  return '';
}
