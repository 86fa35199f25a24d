import type { JsonFacts, TextSpan } from './facts.ts';
import type { Places } from './places.ts';
import { JsonScanner } from './scanner.ts';

export interface JsonScan {
  /** Of everything outside of the texts. */
  readonly head: Readonly<JsonFacts>;
  /** In their order. */
  readonly texts: readonly TextSpan[];
}

/** Reads a document of UTF-8 once and finds the texts at the given places, without parsing. Undefined when it is not JSON. */
export function scanJson(json: Uint8Array, places?: Places): JsonScan | undefined {
  const scanner = new JsonScanner(json, places);
  return scanner.read() === 'json' ? scanner : undefined;
}

/** The facts of a document without texts. Undefined when it is not JSON. */
export const factsOf = (json: Uint8Array): Readonly<JsonFacts> | undefined => scanJson(json)?.head;
