import type { Problem } from '../../schemas/problem.ts';
import { CliError, EXIT } from '../exits.ts';

/** What to do for a code, where the command line can say more than the API. */
const ADVICE: Readonly<Record<string, string>> = {
  unauthorized: 'Give a valid key in MILLRACE_KEY, or with --key-file.',
  forbidden: 'Use a key with that scope: millrace keys create makes one.',
  'rate-limited': 'Wait, and call again.',
};

/** Answers of this status and more say that the service cannot work now. */
const SERVER_FAULT = 500;

/** A refusal of the API, for people: what is wrong, what to do, and the code of the problem. */
export function problemError(response: { readonly status: number }, text: string): CliError {
  const { status } = response;
  const problem = readProblem(text);
  const exitCode = status >= SERVER_FAULT ? EXIT.unreachable : EXIT.refused;
  if (problem === undefined) {
    return new CliError(exitCode, `The API answered with status ${status}. Is --url or MILLRACE_URL right?`);
  }
  return new CliError(exitCode, problemText(problem));
}

export function problemText(problem: Partial<Problem>): string {
  const { code = '', title = '', detail, errors = [] } = problem;
  const advice = ADVICE[code];
  const lines = [`${detail ?? title} [${code}]`, ...(advice === undefined ? [] : [advice])];
  return [...lines, ...errors.map((fault) => `  ${fault.pointer || '/'}: ${fault.detail}`)].join('\n');
}

function readProblem(text: string): Partial<Problem> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'code' in value
      ? (value as Partial<Problem>)
      : undefined;
  } catch {
    return undefined;
  }
}
