import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isNameOrPattern } from '../schemas/values/queue-patterns.ts';
import { integer, oneOf, type Setting, text } from './setting-kinds.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const METRICS = ['on', 'off'] as const;
const UNKNOWN_TASKS = ['reject', 'accept'] as const;

/** All settings of one process; times in milliseconds, sizes in bytes. SETTINGS says what each one means. */
export interface Config {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string;
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
  readonly metrics: (typeof METRICS)[number];
  readonly metricsPort: number;
  readonly healthPort: number;
  readonly metricsHost: string;
}

const DAY_MS = 86_400_000;
const PREFIX = /^[A-Za-z0-9_.-]{1,32}$/;

function isRedisUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  if (url.protocol === 'unix:') return url.pathname.length > 1;
  return (url.protocol === 'redis:' || url.protocol === 'rediss:') && url.hostname !== '';
}

function parseQueues(value: string): readonly string[] | undefined {
  const names = value.split(',').map((name) => name.trim());
  const valid = names.every(isNameOrPattern) && new Set(names).size === names.length;
  return valid ? names : undefined;
}

/** Without a slash at the end, so that paths can follow. */
function parsePublicUrl(value: string): string | undefined {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return undefined;
  const { username, search, hash, origin, pathname } = new URL(value);
  return username + search + hash === '' ? `${origin}${pathname}`.replace(/\/+$/, '') : undefined;
}

/** From this file's compiled form: `dist/src/config/settings.js` -> `dist/workers/tasks`. */
const shippedTasks = () => fileURLToPath(new URL('../../workers/tasks', import.meta.url));

export const SETTINGS: { readonly [K in keyof Config]: Setting<Config[K]> } = {
  redisUrl: text({
    variable: 'REDIS_URL',
    usedBy: 'both',
    meaning: 'The Redis that holds all jobs. TLS: `rediss://`. Unix socket: `unix:///path`.',
    fallback: 'redis://127.0.0.1:6379',
    expected: 'a URL that starts with redis://, rediss:// or unix:///',
    example: 'redis://user:secret@redis.example.com:6379/0',
    accepts: isRedisUrl,
  }),
  prefix: text({
    variable: 'PREFIX',
    usedBy: 'both',
    meaning: 'First part of every Redis key. API and workers find each other only under the same prefix.',
    fallback: 'mr',
    expected: '1 to 32 letters, digits, "_", "." or "-"',
    example: 'staging',
    accepts: (value) => PREFIX.test(value),
  }),
  host: text({
    variable: 'HOST',
    usedBy: 'api',
    meaning: 'Address to listen on. The API has no log-in: think before you leave loopback.',
    fallback: '127.0.0.1',
    expected: 'an address or host name',
    example: '0.0.0.0',
    accepts: (value) => /^[A-Za-z0-9_.:-]+$/.test(value),
  }),
  port: integer({
    variable: 'PORT',
    usedBy: 'api',
    meaning: 'Port to listen on. 0: any free port.',
    fallback: 3_000,
    min: 0,
    max: 65_535,
    example: 3_000,
  }),
  publicUrl: {
    variable: 'PUBLIC_URL',
    usedBy: 'api',
    meaning:
      'Where clients reach the API, if not at the root of the address that they call: behind a proxy with a path prefix. `Location` and the OpenAPI document name it. The API takes requests with and without the prefix.',
    fallback: () => '',
    fallbackText: 'the address that is called',
    expected: 'an http or https URL without user, query and fragment',
    example: 'https://example.com/millrace',
    parse: parsePublicUrl,
  },
  queues: {
    variable: 'QUEUES',
    usedBy: 'worker',
    meaning:
      'The queues that this worker serves. `*` stands for any characters, as in `img-*` or `*`: the worker also serves queues that come later, within some 2 s of their first job. At most 1,000 queues.',
    fallback: () => ['default'],
    expected: 'different queue names or patterns, comma separated',
    example: 'default,img-*',
    parse: parseQueues,
  },
  tasksDir: {
    variable: 'TASKS_DIR',
    usedBy: 'worker',
    meaning: 'Folder of the task modules.',
    fallback: shippedTasks,
    fallbackText: 'the shipped tasks',
    expected: 'a folder',
    example: './tasks',
    parse: (value) => value,
  },
  processes: integer({
    variable: 'PROCESSES',
    usedBy: 'worker',
    meaning: 'Processes that run jobs, beside the parent process that looks after them.',
    fallback: availableParallelism,
    fallbackText: 'number of cores',
    min: 1,
    max: 256,
    example: 4,
  }),
  concurrency: integer({
    variable: 'CONCURRENCY',
    usedBy: 'worker',
    meaning: 'Jobs that each process runs at a time.',
    fallback: 10,
    min: 1,
    max: 10_000,
    example: 10,
  }),
  leaseMs: integer({
    variable: 'LEASE_MS',
    usedBy: 'worker',
    meaning: 'A worker that is silent for this long loses its jobs: other workers run them.',
    fallback: 15_000,
    min: 1_000,
    max: 3_600_000,
    example: 15_000,
  }),
  shutdownGraceMs: integer({
    variable: 'SHUTDOWN_GRACE_MS',
    usedBy: 'both',
    meaning: 'Time that running jobs and open requests have to finish after SIGTERM.',
    fallback: 25_000,
    min: 0,
    max: 3_600_000,
    example: 25_000,
  }),
  resultTtlMs: integer({
    variable: 'RESULT_TTL_MS',
    usedBy: 'both',
    meaning: 'How long a finished job can be read, unless the job has its own `resultTtl`.',
    fallback: DAY_MS,
    min: 1_000,
    max: 3_650 * DAY_MS,
    example: DAY_MS,
  }),
  idempotencyTtlMs: integer({
    variable: 'IDEMPOTENCY_TTL_MS',
    usedBy: 'api',
    meaning: 'How long an `Idempotency-Key` is remembered.',
    fallback: DAY_MS,
    min: 1_000,
    max: 3_650 * DAY_MS,
    example: DAY_MS,
  }),
  maxPayloadBytes: integer({
    variable: 'MAX_PAYLOAD_BYTES',
    usedBy: 'both',
    meaning:
      'Longest request body, longest line of NDJSON, longest result of a task. A value holds up all other requests while API and Redis handle it: about 7 ms for each MiB.',
    fallback: 1_048_576,
    min: 1_024,
    max: 8_388_608,
    example: 1_048_576,
  }),
  maxWaiters: integer({
    variable: 'MAX_WAITERS',
    usedBy: 'api',
    meaning:
      'How many clients may wait at a time in each API process. Waits for jobs, polls for work, readers of events and readers of subscriptions are counted apart.',
    fallback: 10_000,
    min: 0,
    max: 1_000_000,
    example: 10_000,
  }),
  deadMax: integer({
    variable: 'DEAD_MAX',
    usedBy: 'both',
    meaning: 'Failed jobs that a queue keeps. Beyond that the oldest are removed.',
    fallback: 10_000,
    min: 1,
    max: 10_000_000,
    example: 10_000,
  }),
  deadTtlMs: integer({
    variable: 'DEAD_TTL_MS',
    usedBy: 'both',
    meaning: 'How long a failed job is kept.',
    fallback: 30 * DAY_MS,
    min: 1_000,
    max: 3_650 * DAY_MS,
    example: 30 * DAY_MS,
  }),
  unknownTasks: oneOf({
    variable: 'UNKNOWN_TASKS',
    usedBy: 'api',
    meaning:
      'What happens to a job whose task no worker of its queue has announced. `reject` answers 422, once some task is known in the queue and no live worker takes every task; `accept` stores it.',
    values: UNKNOWN_TASKS,
    fallback: 'reject',
    example: 'accept',
  }),
  logLevel: oneOf({
    variable: 'LOG_LEVEL',
    usedBy: 'both',
    meaning: 'The least level that is logged. `npm start` sets `warn` unless you say otherwise.',
    values: LOG_LEVELS,
    fallback: 'info',
    example: 'warn',
  }),
  metrics: oneOf({
    variable: 'METRICS',
    usedBy: 'both',
    meaning:
      'Whether the process counts for `/metrics`. A worker counts only with HEALTH_PORT. `off`: there is no `/metrics`.',
    values: METRICS,
    fallback: 'on',
    example: 'off',
  }),
  metricsPort: integer({
    variable: 'METRICS_PORT',
    usedBy: 'api',
    meaning: 'A further port that answers `GET /metrics`, and nothing else, without a key.',
    fallback: 0,
    fallbackText: 'none',
    min: 0,
    max: 65_535,
    example: 9_464,
  }),
  healthPort: integer({
    variable: 'HEALTH_PORT',
    usedBy: 'worker',
    meaning: 'The port that answers `GET /livez`, `/readyz` and `/metrics` of the worker, without a key.',
    fallback: 0,
    fallbackText: 'none',
    min: 0,
    max: 65_535,
    example: 9_465,
  }),
  metricsHost: text({
    variable: 'METRICS_HOST',
    usedBy: 'both',
    meaning:
      'Address of METRICS_PORT and HEALTH_PORT. They name queues and tasks to all who reach them: use an address that only your monitor reaches.',
    fallback: '',
    fallbackText: 'the value of `HOST`',
    expected: 'an address or host name',
    example: '10.0.0.5',
    accepts: (value) => /^[A-Za-z0-9_.:-]+$/.test(value),
  }),
};
