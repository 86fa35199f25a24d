import { relative, resolve } from 'node:path';
import { childEnv } from '../../config.ts';
import { dataPlace, stayUp } from '../start.ts';
import { hasTaskFiles, watchTaskFolder } from './task-folder.ts';

export interface DevOptions {
  /** Folder of the task files. Default `./tasks`, and the shipped tasks while that has none. */
  readonly tasks?: string | undefined;
  /** Where the API listens. Default: PORT of the environment, or 3000. */
  readonly port?: number | undefined;
}

const DEFAULT_TASKS = 'tasks';
/** Where `millrace` looks for an API by itself. */
const DEFAULT_URL = 'http://127.0.0.1:3000';

/**
 * `millrace dev`: Redis, the API and a worker of the task files, in this folder, until Ctrl-C. The worker starts again when the files
 * change. Returns the exit code.
 */
export async function dev(options: DevOptions): Promise<number> {
  const given = options.tasks ?? childEnv({})['TASKS_DIR'];
  const dir = resolve(given || DEFAULT_TASKS);
  const shown = `./${relative('.', dir)}`;
  let hasTasks = await hasTaskFiles(dir);
  if (given && !hasTasks) {
    console.error(
      `${dir} has no task file (.js, .mjs, .ts or .mts). Write one there, or name another folder.`,
    );
    return 2;
  }
  return stayUp(
    options.port === undefined ? {} : { PORT: String(options.port) },
    {
      workerEnv: () => ({ TASKS_DIR: hasTasks ? dir : '' }),
      onWorkerDeath: () =>
        console.error(`The worker has ended, as it says above. It starts again when ${shown} changes.`),
    },
    async ({ url, restartWorker }, env, stop) => {
      console.log(welcome(url, dataPlace(env), hasTasks ? shown : undefined));
      const onChange = async () => {
        hasTasks = await hasTaskFiles(dir);
        console.log(`${shown} has changed: the worker starts again.`);
        await restartWorker();
      };
      void watchTaskFolder(dir, onChange, stop).catch((error: unknown) => {
        if (!stop.aborted) console.error(`${shown} is no longer watched: ${error}`);
      });
    },
  );
}

/** @param tasks the folder of the task files; undefined while the shipped tasks run. */
function welcome(url: string, data: string, tasks: string | undefined): string {
  const address = url === DEFAULT_URL ? '' : `MILLRACE_URL=${url} `;
  const job = tasks === undefined ? `fib '{"n":100}'` : `TASK '{"name":"Ada"}'`;
  return `
Millrace is ready.

  API        ${url}
  Dashboard  ${url}/ui/
  Docs       ${url}/docs
  Data       ${data}
  Tasks      ${tasks ?? `the shipped ones; yours go into ./${DEFAULT_TASKS}`}

Submit a job and wait for its result, in another terminal:

  ${address}npx millrace submit ${job} --wait

Ctrl-C stops it.
`;
}
