import type { Fault } from '../problem.ts';
import { MAX_DEPTH } from './depth.ts';
import type { JsonFacts } from './facts.ts';
import type { JsonText } from './json-text.ts';

/** Why a text from a client is refused although it is JSON; undefined when nothing is wrong with it. */
export function textFault(json: JsonText, base: string): Fault | undefined {
  if (json.isPlain) return undefined;
  return json.facts.depth > MAX_DEPTH
    ? { pointer: base, detail: `must not be nested deeper than ${MAX_DEPTH} levels` }
    : jsonFault(json.facts, base);
}

/**
 * Why a value from a client is refused although it is JSON: programs in some languages could not read it, or it is
 * dangerous in JavaScript. Undefined when nothing is wrong with it. A schema decides about its levels.
 *
 * @param base pointer to the value.
 */
export function jsonFault(
  { loneSurrogate, pollution }: Readonly<JsonFacts>,
  base: string,
): Fault | undefined {
  if (loneSurrogate !== undefined) return { pointer: base + loneSurrogate, detail: LONE_SURROGATE };
  return pollution === undefined ? undefined : { pointer: base + pollution, detail: POLLUTION };
}

const LONE_SURROGATE =
  'has half of a surrogate pair, such as \\ud83d alone: send whole characters, or U+FFFD instead';
const POLLUTION = 'is __proto__ or constructor.prototype, which JavaScript cannot copy safely: rename it';
