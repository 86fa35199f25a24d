import { integer, oneOf, type SettingsOf } from './setting-kinds.ts';

const DAY_MS = 86_400_000;
const UNKNOWN_TASKS = ['reject', 'accept'] as const;

/** What requests may ask for. */
export interface ApiSettings {
  readonly idempotencyTtlMs: number;
  readonly maxPayloadBytes: number;
  readonly maxWaiters: number;
  readonly unknownTasks: (typeof UNKNOWN_TASKS)[number];
  readonly shutdownGraceMs: number;
}

export const API_SETTINGS: SettingsOf<ApiSettings> = {
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
  unknownTasks: oneOf({
    variable: 'UNKNOWN_TASKS',
    usedBy: 'api',
    meaning:
      'What happens to a job whose task no worker of its queue has announced. `reject` answers 422, once some task is known in the queue and no live worker takes every task; `accept` stores it.',
    values: UNKNOWN_TASKS,
    fallback: 'reject',
    example: 'accept',
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
};
