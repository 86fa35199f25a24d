import { MillraceError } from '../errors.ts';
import type { Problem } from '../types/api.generated.ts';

/** Most bytes of an answer that is not ours which an error quotes. */
const QUOTED = 200;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;

/** The error that an unsuccessful answer stands for. One without a problem document comes from something in between. */
export function errorOf(status: number, text: string, retryAfter?: number): MillraceError {
  const value = parsed(text);
  if (isProblem(value)) {
    const faults = (value.errors ?? []).map(({ pointer, detail }) => `\n  ${pointer}: ${detail}`).join('');
    return new MillraceError(value.detail + faults, { code: value.code, status, problem: value, retryAfter });
  }
  const message = `The answer has status ${status} and no problem document: is this the address of Millrace? ${text.slice(0, QUOTED)}`;
  return new MillraceError(message, { code: 'no-problem', status, retryAfter });
}

/** The JSON of a successful answer; undefined when it is empty. */
export function bodyOf(text: string): unknown {
  if (text === '') return undefined;
  const value = parsed(text);
  if (value !== undefined) return value;
  const message = `The answer is not JSON: is this the address of Millrace? ${text.slice(0, QUOTED)}`;
  throw new MillraceError(message, { code: 'not-json' });
}

/** The whole seconds of `Retry-After`. A date there, which Millrace never sends, counts as absent. */
export function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after') ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
