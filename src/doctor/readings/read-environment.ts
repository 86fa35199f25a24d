import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from '../../config/client.ts';
import { redisTarget } from '../../config/redis.ts';
import { type Config, ConfigError, loadClientConfig, loadConfig, misspeltSettings } from '../../config.ts';
import { reachable, runningStack } from '../../local/running-stack.ts';
import { describeMisspelt } from '../../misspelt-settings.ts';
import type { ApiTarget } from './read-api.ts';
import type { DoctorTarget } from './read-redis.ts';
import type { EnvironmentReadings } from './readings.ts';

export interface Environment {
  readonly readings: EnvironmentReadings;
  readonly redis: DoctorTarget;
  readonly api: ApiTarget;
}

/** Folder of the data of `npm start`, below the folder from which it was started. */
const DATA_DIR = '.millrace';

/**
 * The settings that a service would have here, and where Redis and the API are. Without REDIS_URL and MILLRACE_URL it looks at what
 * `npm start` runs in this folder.
 */
export async function readEnvironment(env: NodeJS.ProcessEnv, folder: string): Promise<Environment> {
  const { config, client, faults } = readConfig(env);
  const stack = await runningStack(join(folder, DATA_DIR));
  const readings = {
    faults,
    misspelt: misspeltSettings(env).map(describeMisspelt),
    host: config.host,
    auth: config.auth,
    prefix: config.prefix,
    deadMax: config.deadMax,
    replicasAck: config.replicasAck,
    tasksDirFault: await unreadable(config.tasksDir),
  };
  const url =
    env['REDIS_URL'] || env['REDIS_URL_FILE'] ? config.redisUrl : (stack?.redisUrl ?? config.redisUrl);
  const scheme = config.tlsCertFile === '' ? 'http' : 'https';
  const api = client.url || stack?.url || `${scheme}://${reachable(config.host)}:${config.port}`;
  // The admin key of this environment is for its own API only.
  const key = client.key || (client.url === '' ? config.adminKey : '');
  return {
    readings,
    redis: { ...redisTarget({ ...config, redisUrl: url }), prefix: config.prefix },
    api: { url: api, key },
  };
}

interface ReadConfig {
  readonly config: Config;
  readonly client: ClientConfig;
  readonly faults: readonly string[];
}

function readConfig(env: NodeJS.ProcessEnv): ReadConfig {
  const faults = [...faultsOf(() => loadConfig(env, 'api')), ...faultsOf(() => loadClientConfig(env))];
  if (faults.length === 0) return { config: loadConfig(env), client: loadClientConfig(env), faults };
  // The rest of the settings still says where Redis and the API are.
  const sound = Object.fromEntries(Object.entries(env).filter(([name, value]) => isSound({ [name]: value })));
  const rest = isSound(sound) ? sound : {};
  return { config: loadConfig(rest), client: loadClientConfig(rest), faults };
}

function faultsOf(load: () => unknown): readonly string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

const isSound = (env: NodeJS.ProcessEnv): boolean =>
  faultsOf(() => loadConfig(env)).length === 0 && faultsOf(() => loadClientConfig(env)).length === 0;

const unreadable = (dir: string): Promise<string | undefined> =>
  access(dir, constants.R_OK | constants.X_OK).then(
    () => undefined,
    (error: Error) => error.message,
  );
