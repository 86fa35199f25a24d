import { invalidRequest } from '../errors.ts';
import { isTooDeep, MAX_DEPTH } from '../schemas/validation/depth.ts';

/**
 * The JSON text of a payload, result or progress value, as it is stored.
 *
 * @param pointer where the value is in the request.
 * @throws {AppError} invalid-request when the value is nested too deeply.
 */
export function encodeJson(value: unknown, pointer = '/payload'): string {
  try {
    const text = JSON.stringify(value);
    if (!isTooDeep(value, text.length)) return text;
  } catch (error) {
    // A value that is far too deep overflows the stack of JSON.stringify.
    if (!(error instanceof RangeError)) throw error;
  }
  throw invalidRequest([{ pointer, detail: `must not be nested deeper than ${MAX_DEPTH} levels` }]);
}
