import type { MillraceError } from '../../client/errors.ts';
import type { Problem } from '../../client/types/api.generated.ts';
import { flagOf, type Options } from '../description.ts';
import { CliError, EXIT, usageError } from '../exits.ts';

/** What to do for a code, where the command line can say more than the API. */
const ADVICE: Readonly<Record<string, string>> = {
  unauthorized: 'Give a valid key in MILLRACE_KEY, or with --key-file.',
  forbidden: 'Use a key with that scope: millrace keys create makes one.',
};

/** What the client says when another program answers at the address. */
const OF_OTHERS: readonly string[] = ['no-problem', 'not-json', 'not-millrace', 'redirected'];

/** Answers of this status and more say that the service cannot work now. */
const SERVER_FAULT = 500;

/** The API speaks of a request and its answer. A command shows neither, and lists the faults below. */
const OF_REQUESTS: readonly (readonly [RegExp, string])[] = [
  [/Fix the \w+ listed in `errors` and send the \w+ again\./, 'Mend this and try again:'],
  [/the one listed in `errors`/, 'this one'],
];

/**
 * A refusal of the API, for people: what is wrong, what to do, and the code of the problem.
 *
 * @param options of the command, which give members of the request.
 */
export function refusal({ status, message, code, problem }: MillraceError, options: Options = {}): CliError {
  if (problem !== undefined) {
    const exitCode = status >= SERVER_FAULT ? EXIT.unreachable : EXIT.refused;
    return new CliError(exitCode, problemText(problem, options), problem.code);
  }
  if (code === 'invalid-argument') return usageError(message);
  if (!OF_OTHERS.includes(code)) return new CliError(EXIT.refused, `${message} [${code}]`);
  return new CliError(EXIT.unreachable, `${message} Name it with --url or MILLRACE_URL. [${code}]`);
}

/** A problem of the API in a few lines. */
export function problemText(
  { code, detail, errors = [] }: Pick<Problem, 'code' | 'detail' | 'errors'>,
  options: Options = {},
): string {
  const advice = ADVICE[code];
  const faults = errors.map((fault) => `  ${faultText(fault, options)}`);
  const what = OF_REQUESTS.reduce((text, [from, to]) => text.replace(from, to), detail);
  return [`${what} [${code}]`, ...(advice === undefined ? [] : [advice]), ...faults].join('\n');
}

/** Names the option that gives the wrong member, where the command has one. */
function faultText({ pointer, detail }: { pointer: string; detail: string }, options: Options): string {
  const name = pointer.split('/').at(-1) ?? '';
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) return `${pointer || '/'}: ${detail}`;
  if (detail !== 'is required') return `${flagOf(name)}: ${detail}`;
  return `Give ${flagOf(name)}${option.kind === 'flag' ? '' : ` ${option.value}`}.`;
}

/** The reason is in the innermost cause. */
export function unreachable(url: string, error: Error): CliError {
  let cause: unknown = error;
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reason = typeof code === 'string' ? code : cause instanceof Error ? cause.message : String(cause);
  return new CliError(
    EXIT.unreachable,
    `No Millrace API answers at ${url} (${reason}). Start one with: millrace dev. Or name another with --url or MILLRACE_URL.`,
  );
}
