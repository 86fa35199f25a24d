import { LONGEST_TIMER_MS } from './limit.ts';

/** The longest pause between two tries, ms. After a longer `Retry-After` the caller decides. */
export const MAX_PAUSE_MS = 30_000;

const FIRST_MS = 200;
const LONGEST_GROWN_MS = 5_000;

/**
 * The pause before the next try, ms: it doubles from 200 ms up to 5 s, and half of it is random, so that many clients do
 * not come back at once.
 *
 * @param tries tries so far
 * @param retryAfter seconds that the service asked for; the pause is never shorter
 */
export function pauseMs(tries: number, retryAfter = 0): number {
  const grown = Math.min(FIRST_MS * 2 ** (tries - 1), LONGEST_GROWN_MS);
  return retryAfter * 1_000 + grown * (0.5 + Math.random() / 2);
}

/** Resolves after a time. Rejects with the reason of the signal as soon as it fires. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
