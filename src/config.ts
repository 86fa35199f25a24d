import { readFileSync } from 'node:fs';
import { CLIENT_SETTINGS, type ClientConfig } from './config/client.ts';
import { fileVariable, type Setting, type SettingsOf } from './config/setting-kinds.ts';
import { CHECKS, type Config, SETTINGS } from './config/settings.ts';
import { findMisspelt, type MisspeltSetting } from './misspelt-settings.ts';

export type { Config } from './config/settings.ts';
export type { LogLevel } from './config/telemetry.ts';

/** Names every variable that is wrong, one line each, with an example of a right value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration is not valid:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/**
 * Reads all settings from the environment. An empty variable counts as unset.
 *
 * @param program checks that its settings go together, too.
 * @throws {ConfigError} naming every fault at once.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, program?: 'api' | 'worker'): Config {
  const { values: config, faults, wrong } = readAll(SETTINGS, env);
  const isGiven = (variable: string) => Boolean(env[variable] || env[fileVariable({ variable })]);
  for (const { usedBy, judges = [], faultOf } of CHECKS) {
    const isOurs = usedBy === 'both' || usedBy === program;
    const fault = isOurs && !judges.some((name) => wrong.has(name)) ? faultOf(config, isGiven) : undefined;
    if (fault !== undefined) faults.push(fault);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** Where a program that talks to the API finds it. @throws {ConfigError} naming every fault at once. */
export function loadClientConfig(env: NodeJS.ProcessEnv = process.env): ClientConfig {
  const { values, faults } = readAll(CLIENT_SETTINGS, env);
  if (faults.length > 0) throw new ConfigError(faults);
  return values;
}

interface ReadSettings<T> {
  readonly values: T;
  readonly faults: string[];
  /** Names of settings with a fault: their value is the default. */
  readonly wrong: ReadonlySet<string>;
}

/** The values of the settings, and what is wrong with them. */
function readAll<T>(settings: SettingsOf<T>, env: NodeJS.ProcessEnv): ReadSettings<T> {
  const faults: string[] = [];
  const wrong = new Set<string>();
  const read = <T>(key: string, setting: Setting<T>): T => {
    try {
      const value = textOf(env, setting);
      return value === undefined ? setting.fallback() : parse(setting, value);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      wrong.add(key);
      return setting.fallback();
    }
  };
  const entries = Object.entries<Setting<unknown>>(settings).map(([key, setting]) => [
    key,
    read(key, setting),
  ]);
  return { values: Object.freeze(Object.fromEntries(entries)) as T, faults, wrong };
}

/** The text of a setting, which that of a secret may have in a file; undefined if unset. @throws {ConfigError}. */
function textOf(env: NodeJS.ProcessEnv, setting: Setting<unknown>): string | undefined {
  const { variable, isSecret } = setting;
  const value = env[variable] || undefined;
  const fileName = fileVariable(setting);
  const file = isSecret && env[fileName];
  if (!file) return value;
  if (value !== undefined) {
    throw new ConfigError([`${variable} and ${fileName} are both set: unset one of them`]);
  }
  try {
    // Editors and most tools end a file with a line break.
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${fileName} names a file that cannot be read: ${reason}`]);
  }
}

/** @throws {ConfigError}. */
function parse<T>(setting: Setting<T>, value: string): T {
  const parsed = setting.parse(value);
  if (parsed !== undefined) return parsed;
  const { variable, isSecret, expected, example } = setting;
  const what = isSecret ? `${variable} is not valid` : `${variable} is ${JSON.stringify(value)}`;
  throw new ConfigError([`${what}: must be ${expected}, for example ${variable}=${example}`]);
}

/** Each process uses its own values of these: they would differ unseen. */
const SHARED = ['resultTtlMs', 'deadMax', 'deadTtlMs', 'maxPayloadBytes'] as const;

/** The settings that API and workers must have in common, by their variables. */
export const sharedSettings = (config: Pick<Config, (typeof SHARED)[number]>): Record<string, number> =>
  Object.fromEntries(SHARED.map((name) => [SETTINGS[name].variable, config[name]]));

/** The variables of the environment that look like settings and are none. */
export function misspeltSettings(env: NodeJS.ProcessEnv = process.env): readonly MisspeltSetting[] {
  const settings: readonly Setting<unknown>[] = Object.values(SETTINGS);
  const names = settings.map(({ variable, parse: read }) => ({
    variable,
    accepts: (value: string) => read(value) !== undefined,
  }));
  const files = settings.filter(({ isSecret }) => isSecret).map(fileVariable);
  return findMisspelt(env, [...names, ...files.map((variable) => ({ variable, accepts: () => true }))]);
}

/** The environment of a child process: this one's, with `defaults` below it and `overrides` above it. */
export function childEnv(overrides: NodeJS.ProcessEnv, defaults: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...defaults, ...process.env, ...overrides };
}
