import { childEnv, loadConfig } from '../../src/config.ts';
import { type GivenTasks, loadGiven } from '../../src/tasks/given.ts';
import { loadTasks } from '../../src/tasks/load.ts';
import { importTraced } from '../run/attempt-trace.ts';
import { checkOptions } from './check-options.ts';
import { EmbeddedWorker } from './embedded-worker.ts';
import type { ProgramWorker } from './program-worker.ts';

export interface WorkerOptions {
  /** Default: REDIS_URL of the environment, or redis://127.0.0.1:6379. */
  readonly redisUrl?: string;
  /** Names and patterns such as `img-*`. Default: QUEUES of the environment, or `default`. */
  readonly queues?: readonly string[];
  /** By their names, a list of named definitions, or the path of a folder of task files. */
  readonly tasks: GivenTasks | string;
  /** Jobs that it runs at a time. Default: CONCURRENCY of the environment, or 10. */
  readonly concurrency?: number;
  /** Other settings by their variables, such as `{ PREFIX: 'shop' }`: docs/reference/configuration.md. They win over the environment. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Runs tasks in this program, with jobs of a Redis. It starts at once: `await worker.ready` waits for it. An error of a task that its
 * promise does not carry is one of your program, as ever in Node.
 *
 * @throws {ConfigError} or {TypeError} for options that are not valid. {TaskLoadError} with every fault of `tasks`.
 */
export const createWorker = (options: WorkerOptions): ProgramWorker => openWorker(options, childEnv({}));

/** @param env settings below those of the options. */
export function openWorker(options: WorkerOptions, env: NodeJS.ProcessEnv): ProgramWorker {
  checkOptions('createWorker', options);
  const { tasks } = options;
  const config = loadConfig({ ...env, ...variablesOf(options) }, 'worker');
  const given = typeof tasks === 'string' ? undefined : loadGiven(tasks);
  return new EmbeddedWorker(config, async () => given ?? importTraced(() => loadTasks(String(tasks))));
}

/** In the terms of the configuration, which checks them. An empty variable counts as unset. */
const variablesOf = ({ redisUrl, queues, concurrency, settings }: WorkerOptions): NodeJS.ProcessEnv => ({
  ...settings,
  ...(redisUrl !== undefined && { REDIS_URL: redisUrl, REDIS_URL_FILE: '' }),
  ...(queues !== undefined && { QUEUES: queues.join(',') }),
  ...(concurrency !== undefined && { CONCURRENCY: String(concurrency) }),
  PROCESSES: '1',
  HEALTH_PORT: '',
});
