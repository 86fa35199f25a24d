import { invalidRequest } from '../errors.ts';
import type { PauseQueue } from '../schemas/queues/pause.ts';
import { durationMs, MAX_DURATION_MS, MAX_START_MS } from '../schemas/values/duration.ts';
import { timeMs } from '../schemas/values/timestamp.ts';
import type { PauseEnd } from './scripts/pause.ts';

/** For a time that has passed, or lies too far ahead. */
export const wrongEnd = () =>
  invalidRequest([{ pointer: '/until', detail: 'must be a time from now to 100 years from now' }]);

/**
 * What a request says of the end of a pause. Whether the time has passed is for the clock of Redis to say.
 *
 * @param now Unix ms. @throws {AppError} invalid-request.
 */
export function readPauseEnd({ until, for: time }: PauseQueue, now: number): PauseEnd {
  if (until !== undefined && time !== undefined) {
    throw invalidRequest([
      { pointer: '/for', detail: 'is not allowed together with until; give one of them' },
    ]);
  }
  const untilMs = until === undefined ? undefined : timeMs(until);
  if (untilMs !== undefined && !(untilMs > 0 && untilMs <= now + MAX_START_MS)) throw wrongEnd();
  const forMs = time === undefined ? undefined : durationMs(time);
  if (forMs !== undefined && (forMs < 1 || forMs > MAX_DURATION_MS)) {
    throw invalidRequest([{ pointer: '/for', detail: `must be from 1 to ${MAX_DURATION_MS} ms` }]);
  }
  return { untilMs, forMs };
}
