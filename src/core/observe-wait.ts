import type { WaitOutcome, WaitSubject } from '../observer.ts';
import type { Core } from './core.ts';

const UNOBSERVED = (): void => undefined;

/** Reports that a request begins to wait, for at most `waitMs`; what it returns reports the end, and is called once. */
export function observeWait(
  { observe, clock }: Core,
  subject: WaitSubject,
  waitMs: number,
): (outcome: WaitOutcome) => void {
  if (!observe.wants('wait-started') && !observe.wants('wait-ended')) return UNOBSERVED;
  const startedAt = clock.monotonic();
  observe({ kind: 'wait-started', ...subject, waitMs });
  return (outcome) => {
    const durationMs = Math.round(clock.monotonic() - startedAt);
    observe({ kind: 'wait-ended', ...subject, outcome, durationMs });
  };
}
