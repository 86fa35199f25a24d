import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { isOutage } from '../net/api.ts';
import type { JobEvent } from '../net/types.ts';
import { isLive, onEvent } from './live.ts';
import { Signal } from './signal.ts';

/** Whether the last request found no API. */
export const isAway = new Signal(false);

/** Raised to make all views read again: `r`. */
export const refreshes = new Signal(0);

export interface Loaded<T> {
  /** The last answer; it stays while a newer one is read, and while the API is away. */
  readonly data: T | undefined;
  readonly error: Error | undefined;
  readonly reload: () => void;
}

interface LoadOptions {
  /** The time between two reads, ms. */
  readonly everyMs?: number;
  /** Events after which to read again, at most once a second. */
  readonly on?: (event: JobEvent) => boolean;
}

const PAUSE_MS = 1_000;
/** How many times longer than a read the pause after it is. */
const PAUSES = 5;
const RETRY_MS = 1_500;

/**
 * Reads what a view shows, and reads it again: after events, at intervals, and once the API is back.
 *
 * @param name of what is read; another one drops what was shown.
 */
export function useLoad<T>(
  name: string,
  read: (signal: AbortSignal) => Promise<T>,
  { everyMs, on }: LoadOptions = {},
): Loaded<T> {
  const [state, setState] = useState<{ name: string; data?: T; error?: Error }>({ name });
  const latest = useRef({ read, on });
  latest.current = { read, on };
  const wake = useRef(() => {});

  useEffect(() => {
    const stop = new AbortController();
    const loop = new Rereader(async () => {
      try {
        const data = await latest.current.read(stop.signal);
        if (stop.signal.aborted) return undefined;
        isAway.set(false);
        setState({ name, data });
        return everyMs;
      } catch (thrown) {
        if (stop.signal.aborted) return undefined;
        const error = thrown as Error;
        const isOut = isOutage(error);
        isAway.set(isOut);
        if (!isOut) setState((old) => ({ ...(old.name === name ? old : { name }), error }));
        return isOut ? RETRY_MS : everyMs;
      }
    });
    wake.current = loop.wake;
    const ends = [
      onEvent((event) => latest.current.on?.(event) && loop.wake()),
      refreshes.subscribe(loop.wake),
      isLive.subscribe(() => isLive.value && loop.wake()),
      () => stop.abort(),
      loop.stop,
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [name, everyMs]);

  const reload = useCallback(() => wake.current(), []);
  const isCurrent = state.name === name;
  return { data: isCurrent ? state.data : undefined, error: isCurrent ? state.error : undefined, reload };
}

/** Repeats a read: never two at a time, at most once in a while, and not while the tab is hidden. */
class Rereader {
  readonly #run: () => Promise<number | undefined>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRunning = false;
  #isWanted = false;
  /** When the next read may start, as `performance.now()` tells it. */
  #notBefore = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  /** @param run returns the time until the next one, ms; undefined for none. */
  constructor(run: () => Promise<number | undefined>) {
    this.#run = run;
    void this.#go();
  }

  readonly wake = (): void => {
    if (this.#isRunning) this.#isWanted = true;
    else this.#plan(Math.max(0, this.#notBefore - performance.now()));
  };

  readonly stop = (): void => {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  };

  #plan(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#go(), ms);
  }

  async #go(): Promise<void> {
    if (document.hidden) {
      document.addEventListener('visibilitychange', () => this.wake(), { once: true });
      return;
    }
    this.#isRunning = true;
    this.#isWanted = false;
    const start = performance.now();
    const nextMs = await this.#run();
    this.#isRunning = false;
    const tookMs = performance.now() - start;
    // What takes the service long is asked for less often.
    const pauseMs = Math.max(PAUSE_MS, PAUSES * tookMs);
    this.#notBefore = performance.now() + pauseMs;
    if (this.#isWanted) this.#plan(pauseMs);
    else if (nextMs !== undefined) this.#plan(nextMs);
  }
}
