import { AppError } from '../errors.ts';

/** Levels of arrays and objects in a payload: whoever reads it back follows them on the stack. */
const MAX_DEPTH = 1_000;

/**
 * The payload as it is stored.
 *
 * @throws {AppError} invalid-request when it is nested too deeply.
 */
export function encodePayload(payload: unknown): string {
  try {
    const text = JSON.stringify(payload);
    // Every level has two brackets, so that most texts are too short to be that deep.
    if (text.length <= 2 * MAX_DEPTH || !isDeeper(payload, MAX_DEPTH)) return text;
  } catch (error) {
    // What is deeper by far ends the stack of JSON.stringify itself.
    if (!(error instanceof RangeError)) throw error;
  }
  throw new AppError('invalid-request', 'Mend the fields listed in errors and send the request again.', {
    errors: [{ pointer: '/payload', detail: `must not be nested deeper than ${MAX_DEPTH} levels` }],
  });
}

/** Goes level by level, without recursion. */
function isDeeper(value: unknown, limit: number): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === limit) return true;
    level = level.flatMap((part) => Object.values(part).filter(isContainer));
  }
  return false;
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
