import { resolve } from 'node:path';
import { childEnv, misspeltSettings } from '../config.ts';
import { describeMisspelt } from '../misspelt-settings.ts';
import { listenForInterrupt } from './interrupt.ts';
import { Interrupted } from './run.ts';
import { withStack } from './stack.ts';

const FIRST_JOB = `{"task":"fib","payload":{"n":100000}}`;

/** `npm start`: the embedded stack until Ctrl-C. Gives the exit code. */
export async function main(): Promise<number> {
  const interrupt = listenForInterrupt();
  // A log line for each request would bury what is printed here; LOG_LEVEL=info brings them back.
  const env = childEnv({}, { ...tellMisspelt(), LOG_LEVEL: 'warn' });
  try {
    return await withStack(
      {
        env,
        dir: resolve('.millrace'),
        interrupt,
        say: (line) => console.log(line),
        onLine: (part, line) => console.error(`${part}: ${line}`),
      },
      async ({ url }) => {
        console.log(welcome(url, env['REDIS_URL']));
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

/** Tells of misspelt settings, and gives empty ones beside them, so that no part tells of them once more. */
function tellMisspelt(): NodeJS.ProcessEnv {
  const found = misspeltSettings();
  for (const misspelt of found) console.error(describeMisspelt(misspelt));
  return Object.fromEntries(found.map(({ meant }) => [meant, '']));
}

/** The stack ends this wait itself, on Ctrl-C or when a part dies. */
const untilInterrupted = (): Promise<never> => new Promise(() => {});

function welcome(url: string, redisUrl: string | undefined): string {
  const data = redisUrl ? 'in the Redis of REDIS_URL' : '.millrace/redis';
  return `
Millrace is ready.

  API    ${url}
  Docs   ${url}/docs
  Data   ${data}

Submit a job and wait for its result:

  curl -s --json '${FIRST_JOB}' -H 'Prefer: wait=30' ${url.replace('http://', '')}/jobs

Ctrl-C stops it.
`;
}
