import { integer, type SettingsOf, text } from './setting-kinds.ts';

const DAY_MS = 86_400_000;
const PREFIX = /^[A-Za-z0-9_.-]{1,32}$/;

function isRedisUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  if (url.protocol === 'unix:') return url.pathname.length > 1;
  return (url.protocol === 'redis:' || url.protocol === 'rediss:') && url.hostname !== '';
}

/** Where jobs are kept, and for how long. */
export interface StoreSettings {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly resultTtlMs: number;
  readonly deadMax: number;
  readonly deadTtlMs: number;
}

export const STORE_SETTINGS: SettingsOf<StoreSettings> = {
  redisUrl: text({
    variable: 'REDIS_URL',
    usedBy: 'both',
    meaning: 'The Redis that holds all jobs. TLS: `rediss://`. Unix socket: `unix:///path`.',
    fallback: 'redis://127.0.0.1:6379',
    expected: 'a URL that starts with redis://, rediss:// or unix:///',
    example: 'redis://user:secret@redis.example.com:6379/0',
    isSecret: true,
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
  resultTtlMs: integer({
    variable: 'RESULT_TTL_MS',
    usedBy: 'both',
    meaning: 'How long a finished job can be read, unless the job has its own `resultTtl`.',
    fallback: DAY_MS,
    min: 1_000,
    max: 3_650 * DAY_MS,
    example: DAY_MS,
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
};
