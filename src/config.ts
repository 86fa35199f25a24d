import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findMisspelt, type MisspeltSetting } from './misspelt-settings.ts';
import { QUEUE_NAME_PATTERN } from './schemas/values/names.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const UNKNOWN_TASKS = ['reject', 'accept'] as const;

/** All settings of one process; times in milliseconds, sizes in bytes. */
export interface Config {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly host: string;
  readonly port: number;
  readonly queues: readonly string[];
  readonly tasksDir: string;
  readonly processes: number;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly shutdownGraceMs: number;
  readonly resultTtlMs: number;
  readonly idempotencyTtlMs: number;
  readonly maxPayloadBytes: number;
  readonly maxWaiters: number;
  readonly deadMax: number;
  readonly deadTtlMs: number;
  readonly unknownTasks: (typeof UNKNOWN_TASKS)[number];
  readonly logLevel: LogLevel;
}

/** Names every variable that is wrong, one line each, with an example of a right value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The configuration is not valid:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

interface Setting<T> {
  readonly variable: string;
  readonly fallback: () => T;
  readonly expected: string;
  readonly example: string;
  /** The value, or undefined when the text does not stand for one. */
  readonly parse: (text: string) => T | undefined;
}

const DAY_MS = 86_400_000;
const QUEUE_NAME = new RegExp(QUEUE_NAME_PATTERN);
const PREFIX = /^[A-Za-z0-9_.-]{1,32}$/;

const integer = (
  variable: string,
  fallback: number | (() => number),
  min: number,
  max: number,
): Setting<number> => ({
  variable,
  fallback: typeof fallback === 'number' ? () => fallback : fallback,
  expected: `an integer from ${min} to ${max}`,
  example: String(typeof fallback === 'number' ? fallback : fallback()),
  parse: (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  },
});

const oneOf = <T extends string>(variable: string, values: readonly T[], fallback: T): Setting<T> => ({
  variable,
  fallback: () => fallback,
  expected: `one of ${values.join(', ')}`,
  example: fallback,
  parse: (text) => values.find((value) => value === text),
});

const text = (
  variable: string,
  fallback: string,
  expected: string,
  accepts: (text: string) => boolean,
): Setting<string> => ({
  variable,
  fallback: () => fallback,
  expected,
  example: fallback,
  parse: (value) => (accepts(value) ? value : undefined),
});

function isRedisUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  if (url.protocol === 'unix:') return url.pathname.length > 1;
  return (url.protocol === 'redis:' || url.protocol === 'rediss:') && url.hostname !== '';
}

function parseQueues(value: string): readonly string[] | undefined {
  const names = value.split(',').map((name) => name.trim());
  const valid = names.every((name) => QUEUE_NAME.test(name)) && new Set(names).size === names.length;
  return valid ? names : undefined;
}

/** Beside this file's compiled form: `dist/src/config.js` -> `dist/workers/tasks`. */
const shippedTasks = () => fileURLToPath(new URL('../workers/tasks', import.meta.url));

const SETTINGS: { readonly [K in keyof Config]: Setting<Config[K]> } = {
  redisUrl: text(
    'REDIS_URL',
    'redis://127.0.0.1:6379',
    'a URL that starts with redis://, rediss:// or unix:///',
    isRedisUrl,
  ),
  prefix: text('PREFIX', 'mr', '1 to 32 letters, digits, "_", "." or "-"', (value) => PREFIX.test(value)),
  host: text('HOST', '127.0.0.1', 'an address or host name', (value) => /^[A-Za-z0-9_.:-]+$/.test(value)),
  port: integer('PORT', 3000, 0, 65_535),
  queues: {
    variable: 'QUEUES',
    fallback: () => ['default'],
    expected: 'different queue names, comma separated',
    example: 'default,images',
    parse: parseQueues,
  },
  tasksDir: {
    variable: 'TASKS_DIR',
    fallback: shippedTasks,
    expected: 'a folder',
    example: './tasks',
    parse: (value) => value,
  },
  processes: integer('PROCESSES', availableParallelism, 1, 256),
  concurrency: integer('CONCURRENCY', 10, 1, 10_000),
  leaseMs: integer('LEASE_MS', 15_000, 1_000, 3_600_000),
  shutdownGraceMs: integer('SHUTDOWN_GRACE_MS', 25_000, 0, 3_600_000),
  resultTtlMs: integer('RESULT_TTL_MS', DAY_MS, 1_000, 3_650 * DAY_MS),
  idempotencyTtlMs: integer('IDEMPOTENCY_TTL_MS', DAY_MS, 1_000, 3_650 * DAY_MS),
  maxPayloadBytes: integer('MAX_PAYLOAD_BYTES', 1_048_576, 1_024, 268_435_456),
  maxWaiters: integer('MAX_WAITERS', 10_000, 0, 1_000_000),
  deadMax: integer('DEAD_MAX', 10_000, 1, 10_000_000),
  deadTtlMs: integer('DEAD_TTL_MS', 30 * DAY_MS, 1_000, 3_650 * DAY_MS),
  unknownTasks: oneOf('UNKNOWN_TASKS', UNKNOWN_TASKS, 'reject'),
  logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
};

/**
 * Reads all settings from the environment. An empty variable counts as unset.
 *
 * @throws {ConfigError} naming every fault at once.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
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
  const entries = Object.entries(SETTINGS).map(([key, setting]) => [key, read<unknown>(setting)]);
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(Object.fromEntries(entries)) as Config;
}

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
