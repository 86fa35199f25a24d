import { isUtf8 } from 'node:buffer';
import { AppError, invalidRequest } from '../../errors.ts';

/**
 * Parses JSON from a client.
 *
 * @param source what the bytes are, for the message: "The body" or "The line".
 * @throws {AppError} broken-json; invalid-request for members that would change the prototype of an object that a task
 *   copies them into.
 */
export function readJson(bytes: Buffer, source: string): unknown {
  // Decoding would replace invalid bytes, and store another job than the one sent.
  if (!isUtf8(bytes)) throw new AppError('broken-json', `${source} is not UTF-8.`);
  const text = bytes.toString('utf8');
  const value = parse(text, source);
  if (MAY_POLLUTE.test(text) && pollutesPrototypes(value)) throw pollution();
  return value;
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new AppError('broken-json', `${source} cannot be read as JSON: ${error.message}`);
  }
}

/** Texts without one of these, plain or escaped, are safe: most need no walk through the value. */
const MAY_POLLUTE = /"__proto__"|"constructor"|\\u00/;

function pollutesPrototypes(value: unknown): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const part = open.pop();
    if (typeof part !== 'object' || part === null) continue;
    for (const [name, child] of Object.entries(part)) {
      if (name === '__proto__') return true;
      if (name === 'constructor' && Object.hasOwn(Object(child), 'prototype')) return true;
      open.push(child);
    }
  }
  return false;
}

const pollution = () =>
  invalidRequest([{ pointer: '', detail: 'has a member __proto__ or constructor.prototype: rename it' }]);
