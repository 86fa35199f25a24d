import { type Clock, systemClock } from '../clock.ts';

export interface Interrupt {
  /** Aborted by the first signal: stop in order. */
  readonly stop: AbortSignal;
  /** Aborted by the second one: stop now. */
  readonly hurry: AbortSignal;
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Under npm one Ctrl-C arrives twice: from the terminal, and from npm. */
const ECHO_MS = 500;

/** Turns process signals into abort signals, until `dispose`. */
export function listenForInterrupt(clock: Clock = systemClock): Interrupt {
  const stop = new AbortController();
  const hurry = new AbortController();
  let firstAt = 0;
  const onSignal = () => {
    if (!stop.signal.aborted) {
      firstAt = clock.monotonic();
      stop.abort();
    } else if (clock.monotonic() - firstAt > ECHO_MS) {
      hurry.abort();
    }
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    hurry: hurry.signal,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
