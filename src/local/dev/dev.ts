import { relative, resolve } from 'node:path';
import { childEnv, loadConfig } from '../../config.ts';
import { dataPlace, type StayUpExtras, stayUp } from '../start.ts';
import { withdrawGone } from './gone-tasks.ts';
import { hasTaskFiles, taskNames, watchTaskFolder } from './task-folder.ts';

export interface DevOptions {
  /** Folder of the task files. Default `./tasks`, and the shipped tasks while that has none. */
  readonly tasks?: string | undefined;
  /** Where the API listens. Default: PORT of the environment, or 3000. */
  readonly port?: number | undefined;
  /** The queues that the worker serves, as in QUEUES. Default: QUEUES of the environment, or `default`. */
  readonly queues?: string | undefined;
  /** Prints where things are as one JSON document, once they run. All else goes to standard error then. */
  readonly json: boolean;
  /** The line for people of a line that a part has logged; undefined for one that is not shown. */
  readonly logLine: (part: string, line: string, showsAll: boolean) => string | undefined;
}

const DEFAULT_TASKS = 'tasks';
const DEFAULT_QUEUES = 'default';
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
  const print = (line: string) => (options.json ? console.error(line) : console.log(line));
  const queues = options.queues === undefined ? {} : { QUEUES: options.queues };
  const shipped = await taskNames(loadConfig(childEnv({ TASKS_DIR: '' })).tasksDir);
  // The last run may have had the shipped ones.
  let names: readonly string[] = shipped;
  return stayUp(
    { ...(options.port === undefined ? {} : { PORT: String(options.port) }), ...queues },
    {
      print,
      ...logOptions(options),
      workerEnv: () => ({ TASKS_DIR: hasTasks ? dir : '' }),
      beforeWorker: async (redis) => {
        const before = names;
        names = hasTasks ? await taskNames(dir) : shipped;
        const gone = before.filter((name) => !names.includes(name));
        await withdrawGone(loadConfig({ ...childEnv(queues), ...redis }), gone).catch((error: unknown) =>
          console.error(`Tasks that are gone stay known for a day (${gone.join(', ')}). ${error}`),
        );
      },
      onWorkerDeath: () =>
        console.error(`The worker has ended, as it says above. It starts again when ${shown} changes.`),
    },
    async ({ url, ownRedisUrl, restartWorker }, env, stop) => {
      const places = placesOf(url, {
        data: dataPlace(env),
        redis: ownRedisUrl,
        queues: env['QUEUES'] || DEFAULT_QUEUES,
        tasks: hasTasks ? shown : undefined,
      });
      console.log(options.json ? JSON.stringify(places) : welcome(places));
      const onChange = async () => {
        hasTasks = await hasTaskFiles(dir);
        print(`${shown} has changed: the worker starts again.`);
        await restartWorker();
      };
      void watchTaskFolder(dir, onChange, stop).catch((error: unknown) => {
        if (!stop.aborted) console.error(`${shown} is no longer watched: ${error}`);
      });
    },
  );
}

/** A program reads the lines as they are. For people they are sorted out afterwards, unless LOG_LEVEL says what they want to see. */
function logOptions({ json, logLine }: DevOptions): Pick<StayUpExtras, 'logLevel' | 'onLine'> {
  if (json) return {};
  const showsAll = Boolean(childEnv({})['LOG_LEVEL']);
  return {
    logLevel: 'info',
    onLine: (part, line) => {
      const text = logLine(part, line, showsAll);
      if (text !== undefined) console.error(text);
    },
  };
}

interface Places {
  readonly url: string;
  readonly dashboard: string;
  readonly docs: string;
  readonly data: string;
  /** REDIS_URL for workers of your own programs; absent where you gave it. */
  readonly redis?: string | undefined;
  /** The queues that the worker serves. */
  readonly queues: string;
  /** The folder of the task files; absent while the shipped tasks run. */
  readonly tasks?: string | undefined;
}

const placesOf = (url: string, rest: Omit<Places, 'url' | 'dashboard' | 'docs'>): Places => ({
  url,
  dashboard: `${url}/ui/`,
  docs: `${url}/docs`,
  ...rest,
});

function welcome({ url, dashboard, docs, data, redis, queues, tasks }: Places): string {
  const address = url === DEFAULT_URL ? '' : `MILLRACE_URL=${url} `;
  const job = tasks === undefined ? `fib '{"n":100}'` : `TASK '{"name":"Ada"}'`;
  return `
Millrace is ready.

  API        ${url}
  Dashboard  ${dashboard}
  Docs       ${docs}
  Data       ${data}${redis === undefined ? '' : `\n  Redis      ${redis}`}
  Queues     ${queues}${queues === DEFAULT_QUEUES ? ' (--queues mails,images for others)' : ''}
  Tasks      ${tasks ?? `the shipped ones; yours go into ./${DEFAULT_TASKS}`}

Submit a job and wait for its result, in another terminal:

  ${address}npx millrace submit ${job} --wait

Ctrl-C stops it.
`;
}
