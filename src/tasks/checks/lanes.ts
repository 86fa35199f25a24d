import type { ThreadOutcome } from './check-thread.ts';
import type { CheckRequest } from './thread-messages.ts';

/** A check that waits for a thread. */
export interface WaitingCheck {
  readonly request: CheckRequest;
  readonly resolve: (outcome: ThreadOutcome) => void;
  /** Monotonic ms. */
  readonly since: number;
}

/** Most checks that wait at a time, and characters of their values. */
const MAX_WAITING = 1_000;
const MAX_WAITING_LENGTH = 33_554_432;

/** Waiting checks in lanes, one for each schema. Schemas take turns, so that one with many checks holds up no other. */
export class Lanes {
  readonly #lanes = new Map<string, WaitingCheck[]>();
  #count = 0;
  #length = 0;

  /** False when too many wait. */
  add(check: WaitingCheck): boolean {
    const { key, value } = check.request;
    if (this.#count >= MAX_WAITING || this.#length + value.length > MAX_WAITING_LENGTH) return false;
    const lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, [check]);
    else lane.push(check);
    this.#count += 1;
    this.#length += value.length;
    return true;
  }

  /** The next check whose schema is not checked at present. */
  next(checkedNow: ReadonlySet<string>): WaitingCheck | undefined {
    for (const [key, lane] of this.#lanes) {
      if (checkedNow.has(key)) continue;
      const check = lane.shift();
      // To the end of the turn.
      this.#lanes.delete(key);
      if (lane.length > 0) this.#lanes.set(key, lane);
      if (check === undefined) continue;
      this.#forget([check]);
      return check;
    }
    return undefined;
  }

  /** Removes the lane of a schema, and returns what waited in it. */
  empty(key: string): readonly WaitingCheck[] {
    const lane = this.#lanes.get(key) ?? [];
    this.#lanes.delete(key);
    this.#forget(lane);
    return lane;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  keys(): string[] {
    return [...this.#lanes.keys()];
  }

  #forget(checks: readonly WaitingCheck[]): void {
    this.#count -= checks.length;
    for (const { request } of checks) this.#length -= request.value.length;
  }
}
