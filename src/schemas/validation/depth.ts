/** Most nested arrays and objects in a payload. Parsers use the stack for each level. */
export const MAX_DEPTH = 1_000;

/**
 * Whether a value is nested deeper than `MAX_DEPTH`.
 *
 * @param length length of its JSON text. Every level has two brackets, so most texts are too short to be too deep.
 */
export function isTooDeep(value: unknown, length: number): boolean {
  if (length <= 2 * MAX_DEPTH) return false;
  // Level by level, without recursion.
  let level = [value].filter(isContainer);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === MAX_DEPTH) return true;
    level = level.flatMap((part) => Object.values(part).filter(isContainer));
  }
  return false;
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
