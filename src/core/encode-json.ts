import { invalidRequest } from '../errors.ts';
import { isTooDeep, MAX_DEPTH } from '../schemas/validation/depth.ts';

/**
 * The payload as it is stored.
 *
 * @throws {AppError} invalid-request when it is nested too deeply.
 */
export function encodePayload(payload: unknown, pointer = '/payload'): string {
  try {
    const text = JSON.stringify(payload);
    if (!isTooDeep(payload, text.length)) return text;
  } catch (error) {
    // What is deeper by far ends the stack of JSON.stringify itself.
    if (!(error instanceof RangeError)) throw error;
  }
  throw invalidRequest([{ pointer, detail: `must not be nested deeper than ${MAX_DEPTH} levels` }]);
}
