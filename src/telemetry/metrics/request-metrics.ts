import { MOST_SERIES, OTHER } from './series.ts';
import { Tally } from './tally.ts';

/** Bounds of the times of requests, s. */
export const REQUEST_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 60,
] as const;

interface RequestSeries {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly tally: Tally;
}

/** Times of requests by route, method and status. Routes are few; a client can send any method. */
export class RequestMetrics {
  /** Route -> method -> status. */
  readonly #byRoute = new Map<string, Map<string, Map<number, Tally>>>();
  readonly #all: RequestSeries[] = [];

  get series(): readonly RequestSeries[] {
    return this.#all;
  }

  record(route: string, method: string, status: number, seconds: number): void {
    const known = this.#byRoute.get(route)?.get(method)?.get(status);
    (known ?? this.#add(route, method, status)).record(seconds);
  }

  #add(route: string, method: string, status: number): Tally {
    const isFull = this.#all.length >= MOST_SERIES;
    if (isFull && route !== OTHER) {
      return this.#byRoute.get(OTHER)?.get(OTHER)?.get(0) ?? this.#add(OTHER, OTHER, 0);
    }
    const methods = this.#byRoute.get(route) ?? new Map<string, Map<number, Tally>>();
    const statuses = methods.get(method) ?? new Map<number, Tally>();
    const tally = new Tally(REQUEST_SECONDS);
    this.#byRoute.set(route, methods.set(method, statuses.set(status, tally)));
    this.#all.push({ route, method, status, tally });
    return tally;
  }
}
