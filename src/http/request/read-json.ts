import { isUtf8 } from 'node:buffer';
import { AppError } from '../../errors.ts';

/**
 * Reads JSON from outside.
 *
 * @param what what the bytes are, for the message: "The body", "The line".
 * @throws {AppError} broken-json; invalid-request for members that change the prototype of an object which
 *   they are copied into, as a task may do without a thought.
 */
export function readJson(bytes: Buffer, what: string): unknown {
  // Decoding would put a replacement where a byte makes no sense, and the job would be another one.
  if (!isUtf8(bytes)) throw new AppError('broken-json', `${what} is not UTF-8.`);
  const text = bytes.toString('utf8');
  const value = parse(text, what);
  if (SUSPICIOUS.test(text) && isPoisoned(value)) throw poisoned();
  return value;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new AppError('broken-json', `${what} cannot be read as JSON: ${error.message}`);
  }
}

/** Texts without one of these, plain or escaped, are safe and need no second look. */
const SUSPICIOUS = /"__proto__"|"constructor"|\\u00/;

function isPoisoned(value: unknown): boolean {
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

const poisoned = () => {
  const detail = 'has a member named __proto__, or constructor.prototype, which are not taken';
  return new AppError('invalid-request', 'Rename the members listed in errors.', {
    errors: [{ pointer: '', detail }],
  });
};
