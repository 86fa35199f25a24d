import { MillraceError } from '../errors.ts';
import { ANSWERS, type Problem } from '../types/api.generated.ts';

/** Most bytes of an answer that is not ours which an error quotes. */
const QUOTED = 200;
const ASK = 'is this the address of Millrace?';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(value: unknown): value is Problem {
  const { code, detail, errors = [] }: Partial<Record<keyof Problem, unknown>> = Object(value);
  return typeof code === 'string' && typeof detail === 'string' && Array.isArray(errors);
}

/** The error that an unsuccessful answer stands for. One without a problem document comes from something in between. */
export function errorOf(status: number, text: string, retryAfter?: number): MillraceError {
  const value = parsed(text);
  if (isProblem(value)) {
    const faults = (value.errors ?? []).map(({ pointer, detail }) => `\n  ${pointer}: ${detail}`).join('');
    return new MillraceError(value.detail + faults, { code: value.code, status, problem: value, retryAfter });
  }
  const message = `The answer has status ${status} and no problem document: ${ASK} ${text.slice(0, QUOTED)}`;
  return new MillraceError(message, { code: 'no-problem', status, retryAfter });
}

/** The JSON of a successful answer; undefined when it is empty. */
export function bodyOf(text: string, status = 0): unknown {
  if (text === '') return undefined;
  const value = parsed(text);
  if (value !== undefined) return value;
  const message = `The answer is not JSON: ${ASK} ${text.slice(0, QUOTED)}`;
  throw new MillraceError(message, { code: 'not-json', status });
}

const OPERATIONS = Object.entries(ANSWERS).map(([operation, marks]) => ({
  shape: new RegExp(`^${operation.replace(/\{\w+\}/g, '[^/]+')}$`),
  alternatives: marks.split('|'),
}));

/**
 * The JSON of a successful answer, when it is what the operation answers.
 *
 * @throws {MillraceError} `not-json`, or `not-millrace` for the answer of another program
 */
export function answerOf(method: string, path: string, status: number, text: string): unknown {
  const body = bodyOf(text, status);
  const operation = `${method} ${path.split('?', 1)[0]}`;
  const known = OPERATIONS.find(({ shape }) => shape.test(operation));
  if (known?.alternatives.some((marks) => hasMarks(body, marks)) ?? true) return body;
  throw notMillrace(`The answer to ${operation} is not one of Millrace`, status, text);
}

function hasMarks(body: unknown, marks: string): boolean {
  if (marks === '' || body === undefined) return marks === '' && body === undefined;
  const members: Partial<Record<string, unknown>> = Object(body);
  return marks.split(' ').every((name) => {
    const value = members[name] ?? undefined;
    return LISTS.includes(name) ? Array.isArray(value) : value !== undefined;
  });
}

const LISTS: readonly string[] = ['items', 'events'];

/** The data of a message of a stream. */
export function messageOf<T extends object>(data: string): T {
  const value = parsed(data);
  if (typeof value === 'object' && value !== null) return value as T;
  throw notMillrace('A message of the stream is not one of Millrace', 200, data);
}

/** Another program has answered. */
export const notMillrace = (what: string, status: number, text = ''): MillraceError =>
  new MillraceError(`${what}: ${ASK} ${text.slice(0, QUOTED)}`.trimEnd(), { code: 'not-millrace', status });

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/**
 * The error that a redirect stands for. To follow it would turn a POST into a GET, and could show the key to others.
 *
 * @param asked the whole address of the request. @param path its end, after the address of the service
 */
export function redirectOf(
  { status, type, headers }: Response,
  asked: string,
  path: string,
): MillraceError | undefined {
  // Web pages do not see where the redirect leads.
  if (type !== 'opaqueredirect' && !REDIRECTS.includes(status)) return undefined;
  const place = placeOf(headers.get('location'), asked);
  const isSame = place?.endsWith(path) ?? false;
  const advice = isSame
    ? `Use the address ${place?.slice(0, -path.length)} instead.`
    : 'Use the address of the service itself.';
  const message = `${asked} redirects${place === undefined ? '' : ` to ${place}`}. ${advice}`;
  return new MillraceError(message, { code: 'redirected', status });
}

function placeOf(location: string | null, asked: string): string | undefined {
  try {
    return location === null ? undefined : new URL(location, asked).href;
  } catch {
    return undefined;
  }
}

/** The whole seconds of `Retry-After`. A date there, which Millrace never sends, counts as absent. */
export function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after') ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
