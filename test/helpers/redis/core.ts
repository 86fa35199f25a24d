import { type Core, type CoreSettings, createCore } from '../../../src/core/core.ts';
import { NO_OBSERVER, type Observer } from '../../../src/observer.ts';
import type { Connection } from '../../../src/redis/connection.ts';

const HOUR_MS = 3_600_000;

/** A core whose jobs and keys outlive any test, below the prefix `mr`. */
export const createTestCore = (
  redis: Connection,
  settings: Partial<CoreSettings> = {},
  observe: Observer = NO_OBSERVER,
): Core =>
  createCore(
    redis,
    {
      prefix: 'mr',
      resultTtlMs: HOUR_MS,
      idempotencyTtlMs: HOUR_MS,
      deadMax: 10_000,
      deadTtlMs: HOUR_MS,
      unknownTasks: 'accept',
      ...settings,
    },
    { observe },
  );
