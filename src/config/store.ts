import { integer, type SettingsOf, text } from './setting-kinds.ts';

const DAY_MS = 86_400_000;
const PREFIX = /^[A-Za-z0-9_.-]{1,32}$/;

/** Under which keys jobs are kept, and for how long. */
export interface StoreSettings {
  readonly prefix: string;
  readonly resultTtlMs: number;
  readonly deadMax: number;
  readonly deadTtlMs: number;
}

export const STORE_SETTINGS: SettingsOf<StoreSettings> = {
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
