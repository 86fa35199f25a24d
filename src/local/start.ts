import { resolve } from 'node:path';
import { childEnv, type LogLevel, misspeltSettings } from '../config.ts';
import { describeMisspelt } from '../misspelt-settings.ts';
import { listenForInterrupt } from './interrupt.ts';
import { Interrupted } from './run.ts';
import { type Stack, type StackOptions, withStack } from './stack.ts';

const FIRST_JOB = `{"task":"fib","payload":{"n":100}}`;

/** `npm start`: the stack on this machine, until Ctrl-C. Returns the exit code. */
export const main = (): Promise<number> =>
  stayUp({}, {}, async ({ url }, env) => {
    console.log(welcome(url, env));
  });

export type StayUpExtras = Pick<StackOptions, 'workerEnv' | 'beforeWorker' | 'onWorkerDeath' | 'onLine'> &
  Partial<Pick<StackOptions, 'print'>> & {
    /** LOG_LEVEL of the parts where the environment has none. Default `warn`. */
    readonly logLevel?: LogLevel;
  };

/**
 * Runs the stack, with its data in `.millrace` of this folder, until Ctrl-C or until a part dies. Returns the exit code.
 *
 * @param overrides settings that win over those of the environment. @param use may go on as long as the stack runs.
 */
export async function stayUp(
  overrides: NodeJS.ProcessEnv,
  { logLevel = 'warn', ...extras }: StayUpExtras,
  use: (stack: Stack, env: NodeJS.ProcessEnv, stop: AbortSignal) => Promise<void>,
): Promise<number> {
  const interrupt = listenForInterrupt();
  // Log lines of requests would bury what is printed; LOG_LEVEL=info shows them.
  const env = childEnv(overrides, { ...warnOfMisspelt(), LOG_LEVEL: logLevel });
  try {
    return await withStack(
      {
        print: (line) => console.log(line),
        onLine: (part, line) => console.error(`${part}: ${line}`),
        ...extras,
        env,
        dir: resolve('.millrace'),
        interrupt,
      },
      async (stack) => {
        await use(stack, env, interrupt.stop);
        return untilInterrupted();
      },
    );
  } catch (error) {
    if (error instanceof Interrupted) return 0;
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    interrupt.dispose();
  }
}

/** Warns of misspelt settings. Returns the meant ones, empty, so that no part warns again. */
function warnOfMisspelt(): NodeJS.ProcessEnv {
  const found = misspeltSettings();
  for (const misspelt of found) console.error(describeMisspelt(misspelt));
  return Object.fromEntries(found.map(({ meant }) => [meant, '']));
}

/** Never resolves: the stack ends the wait on Ctrl-C, or when a part dies. */
const untilInterrupted = (): Promise<never> => new Promise(() => {});

/** Where the stack keeps its data, for people. */
export const dataPlace = (env: NodeJS.ProcessEnv): string =>
  env['REDIS_URL'] || env['REDIS_URL_FILE'] ? 'in the Redis of REDIS_URL' : '.millrace/redis';

/** What `npm start` prints once it is ready, with a first job. */
export function welcome(url: string, env: NodeJS.ProcessEnv): string {
  const key = env['AUTH'] === 'keys' ? ` -H "Authorization: Bearer $MILLRACE_KEY"` : '';
  return `
Millrace is ready.

  API        ${url}
  Dashboard  ${url}/ui/
  Docs       ${url}/docs
  Data       ${dataPlace(env)}

Submit a job and wait for its result:

  curl -s --json '${FIRST_JOB}'${key} '${url.replace('http://', '')}/jobs?wait=30'

Ctrl-C stops it.
`;
}
