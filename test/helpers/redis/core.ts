import { type Core, type CoreSettings, createCore } from '../../../src/core/core.ts';
import type { Connection } from '../../../src/redis/connection.ts';

const HOUR_MS = 3_600_000;

/** A core with the prefix `mr`, whose jobs and keys outlive every test. */
export const createTestCore = (redis: Connection, settings: Partial<CoreSettings> = {}): Core =>
  createCore(redis, {
    prefix: 'mr',
    resultTtlMs: HOUR_MS,
    idempotencyTtlMs: HOUR_MS,
    deadMax: 10_000,
    deadTtlMs: HOUR_MS,
    unknownTasks: 'accept',
    ...settings,
  });
