import { CLIENT_SETTINGS, type ClientConfig } from './config/client.ts';
import type { Setting } from './config/setting-kinds.ts';
import { type Config, SETTINGS } from './config/settings.ts';
import { findMisspelt, type MisspeltSetting } from './misspelt-settings.ts';

export type { Config, LogLevel } from './config/settings.ts';

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
 * @throws {ConfigError} naming every fault at once.
 */
export const loadConfig = (env: NodeJS.ProcessEnv = process.env): Config => loadSettings(SETTINGS, env);

/** Where a program that talks to the API finds it. @throws {ConfigError} naming every fault at once. */
export const loadClientConfig = (env: NodeJS.ProcessEnv = process.env): ClientConfig =>
  loadSettings(CLIENT_SETTINGS, env);

function loadSettings<T>(settings: { readonly [K in keyof T]: Setting<T[K]> }, env: NodeJS.ProcessEnv): T {
  const faults: string[] = [];
  const read = <T>(setting: Setting<T>): T => {
    const value = env[setting.variable];
    if (value === undefined || value === '') return setting.fallback();
    const parsed = setting.parse(value);
    if (parsed !== undefined) return parsed;
    faults.push(
      `${setting.variable} is ${JSON.stringify(value)}: must be ${setting.expected}, for example ${setting.variable}=${setting.example}`,
    );
    return setting.fallback();
  };
  const entries = Object.entries<Setting<unknown>>(settings).map(([key, setting]) => [key, read(setting)]);
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(Object.fromEntries(entries)) as T;
}

/** Each process uses its own values of these: they would differ unseen. */
const SHARED = ['resultTtlMs', 'deadMax', 'deadTtlMs', 'maxPayloadBytes'] as const;

/** The settings that API and workers must have in common, by their variables. */
export const sharedSettings = (config: Pick<Config, (typeof SHARED)[number]>): Record<string, number> =>
  Object.fromEntries(SHARED.map((name) => [SETTINGS[name].variable, config[name]]));

/** The variables of the environment that look like settings and are none. */
export function misspeltSettings(env: NodeJS.ProcessEnv = process.env): readonly MisspeltSetting[] {
  const names = Object.values(SETTINGS).map(({ variable, parse }) => ({
    variable,
    accepts: (value: string) => parse(value) !== undefined,
  }));
  return findMisspelt(env, names);
}

/** The environment of a child process: this one's, with `defaults` below it and `overrides` above it. */
export function childEnv(overrides: NodeJS.ProcessEnv, defaults: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...defaults, ...process.env, ...overrides };
}
