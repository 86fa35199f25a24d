import type { AttemptOutcome, AttemptSubject, Listener, ServiceEvent } from '../../observer.ts';
import type { AttemptEnd, AttemptSpans } from './attempt-spans.ts';

/** Makes the spans of attempts that nobody in this process has run, once their end is known. @param now Unix ms. */
export class EndedAttempts {
  readonly #spans: AttemptSpans;
  readonly #now: () => number;

  constructor(spans: AttemptSpans, now: () => number) {
    this.#spans = spans;
    this.#now = now;
  }

  /** Over HTTP the API that settles an attempt knows it as a whole. */
  readonly overHttp: Listener = {
    wants: (kind) => kind === 'attempt-ended',
    observe: (event) => {
      if (event.kind === 'attempt-ended' && wasRun(event)) this.#add(event, event);
    },
  };

  /** Nobody else tells of an attempt whose worker was lost. */
  readonly lost: Listener = {
    wants: (kind) => kind === 'attempt-lost',
    observe: (event) => {
      if (event.kind === 'attempt-lost') this.#add(event, { outcome: 'lost', status: 'retrying' });
    },
  };

  #add(
    event: AttemptSubject & { runMs: number; error?: string; errorName?: string },
    end: Pick<AttemptEnd, 'outcome' | 'status'>,
  ): void {
    const { runMs, error, errorName } = event;
    const endTime = this.#now();
    const span = this.#spans.begin(event, endTime - runMs);
    const { outcome, status } = end;
    span.end(
      { outcome, status, ...(error !== undefined && { error: { message: error, name: errorName } }) },
      endTime,
    );
  }
}

type AttemptEnded = ServiceEvent & { kind: 'attempt-ended' };

const NOT_RUN: readonly AttemptOutcome[] = ['expired', 'exhausted'];

/** A job that was cancelled before its worker got it has an end, but no attempt. */
const wasRun = ({ outcome, runMs, repeated }: AttemptEnded): boolean =>
  repeated !== true && !NOT_RUN.includes(outcome) && (outcome !== 'cancelled' || runMs > 0);
