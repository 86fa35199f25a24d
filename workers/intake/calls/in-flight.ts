import type { QueueKeys } from '../../../src/redis/keys.ts';
import type { QueueState } from '../queue-state.ts';
import { CallBackoff } from './call-backoff.ts';
import { PrimaryCalls } from './primary-calls.ts';

/** One call of the batcher whose reply is outstanding. */
export interface Call {
  readonly state: QueueState;
  readonly primary: PrimaryCalls;
  /** Jobs that it asks for; 0 when it only writes. */
  readonly count: number;
  /** The number of news of the queue when it began. */
  readonly news: number;
  /** Free slots that its jobs will need, beyond the slots of the jobs that it completes. */
  readonly reservedSlots: number;
}

/** Two, so that the jobs of one call run while the other is under way. More would cut the batches. */
const MAX_CALLS = 2;
/** A call to one of several primaries is slow when it is under way at two looks. */
const LOOK_EVERY_MS = 250;

export interface InFlightParts {
  /** Names the primary of a queue; undefined where there is one for all. */
  readonly primaryOf: ((keys: QueueKeys) => string) | undefined;
  /** A call may be due: a pause after a failure has ended, or nobody waits for a primary any more. */
  readonly onChange: () => void;
  /** Another primary serves the queue now. It may lack what the last one has confirmed. */
  readonly onUncertainDelivery: (keys: QueueKeys) => void;
}

/**
 * Counts calls and blocking reads that are under way, and the slots reserved for the jobs that they may return, for each primary.
 * Calls to a primary that is away count for nothing but themselves.
 */
export class InFlight {
  readonly #parts: InFlightParts;
  readonly #primaries = new Map<string, PrimaryCalls>();
  readonly #only: PrimaryCalls | undefined;
  readonly #nameOf = new WeakMap<QueueKeys, string>();
  #takeCount = 0;
  #reads = 0;
  #isGivenUp = false;
  #look: NodeJS.Timeout | undefined;

  constructor(parts: InFlightParts) {
    this.#parts = parts;
    this.#only = parts.primaryOf === undefined ? this.#add('') : undefined;
  }

  /** Whether Redis has several primaries. */
  get hasMany(): boolean {
    return this.#only === undefined;
  }

  /** The primary of a queue, now: after a failover it is another one. */
  of(keys: QueueKeys): PrimaryCalls {
    if (this.#only !== undefined) return this.#only;
    const name = this.#parts.primaryOf?.(keys) ?? '';
    this.#watch(keys, name);
    const primary = this.#primaries.get(name) ?? this.#add(name);
    primary.unusedFor = 0;
    return primary;
  }

  /** Looks which primary serves each queue now. @param gone names one whose connection has ended. */
  look(states: readonly QueueState[], gone: string | undefined): void {
    for (const { keys } of states) if (this.of(keys).name === gone) this.#parts.onUncertainDelivery(keys);
  }

  /** The queues, by the primary of each. */
  group(queues: readonly QueueKeys[]): ReadonlyMap<PrimaryCalls, readonly QueueKeys[]> {
    const groups = new Map<PrimaryCalls, QueueKeys[]>();
    for (const keys of queues) {
      const primary = this.of(keys);
      const group = groups.get(primary);
      if (group === undefined) groups.set(primary, [keys]);
      else group.push(keys);
    }
    return groups;
  }

  /** Those of the queues, also where they have had no call so far, and those of queues that are no longer served. */
  allOf(states: readonly QueueState[]): readonly PrimaryCalls[] {
    return [...new Set([...states.map(({ keys }) => this.of(keys)), ...this.#primaries.values()])];
  }

  /** Whether some of several primaries are away. */
  get areSomeAway(): boolean {
    if (this.#only !== undefined) return false;
    for (const { isAway } of this.#primaries.values()) if (isAway) return true;
    return false;
  }

  /** Whether a call to the primary may start. */
  hasCapacity(primary: PrimaryCalls): boolean {
    if (primary.backoff.isPaused) return false;
    return primary.isAway ? primary.calls === 0 : this.#sum('calls') < MAX_CALLS;
  }

  /** Whether a call to any primary may start. */
  get hasAnyCapacity(): boolean {
    if (this.#only !== undefined) return this.hasCapacity(this.#only);
    if (this.#sum('calls') < MAX_CALLS) return true;
    for (const primary of this.#primaries.values()) if (this.hasCapacity(primary)) return true;
    return false;
  }

  get reservedSlots(): number {
    return this.#sum('reservedSlots') + this.#reads;
  }

  /** Whether a blocking read is open, which returns at once when a job enters any queue. */
  get isReading(): boolean {
    return this.#reads > 0;
  }

  startCall({ state, primary, count, reservedSlots }: Call): void {
    primary.calls += 1;
    primary.reservedSlots += reservedSlots;
    if (primary.isOneOfMany) this.#look ??= setTimeout(this.#lookAtAll, LOOK_EVERY_MS).unref();
    // A primary that is away is asked about its queues in turn.
    if (count === 0 && !(primary.isOneOfMany && primary.isAway)) return;
    this.#takeCount += 1;
    state.lastTake = this.#takeCount;
    if (count === 0) return;
    primary.openTakes += 1;
    state.openTakes += 1;
  }

  endCall({ state, primary, count, reservedSlots }: Call): void {
    primary.calls -= 1;
    primary.reservedSlots -= reservedSlots;
    primary.ended();
    if (count === 0) return;
    primary.openTakes -= 1;
    state.openTakes -= 1;
  }

  startRead(): void {
    this.#reads += 1;
  }

  endRead(): void {
    this.#reads -= 1;
  }

  /** Ends all pauses. A call that fails from now on is not repeated. */
  giveUp(): void {
    this.#isGivenUp = true;
    for (const { backoff } of this.#primaries.values()) backoff.giveUp();
  }

  #add(name: string): PrimaryCalls {
    const backoff = new CallBackoff(this.#parts.onChange);
    if (this.#isGivenUp) backoff.giveUp();
    const primary = new PrimaryCalls(name, backoff, this.#parts.primaryOf !== undefined);
    this.#primaries.set(name, primary);
    return primary;
  }

  /** @param name '' while no node serves the queue. */
  #watch(keys: QueueKeys, name: string): void {
    const before = this.#nameOf.get(keys);
    if (name === '' || name === before) return;
    this.#nameOf.set(keys, name);
    if (before !== undefined) this.#parts.onUncertainDelivery(keys);
  }

  /** Over the primaries that answer. */
  #sum(of: 'calls' | 'reservedSlots'): number {
    if (this.#only !== undefined) return this.#only[of];
    let sum = 0;
    for (const primary of this.#primaries.values()) if (!primary.isAway) sum += primary[of];
    return sum;
  }

  readonly #lookAtAll = (): void => {
    let calls = 0;
    let isNew = false;
    for (const primary of this.#primaries.values()) {
      if (primary.isGone) this.#primaries.delete(primary.name);
      if (primary.look()) isNew = true;
      calls += primary.calls;
    }
    this.#look = calls > 0 ? setTimeout(this.#lookAtAll, LOOK_EVERY_MS).unref() : undefined;
    if (isNew) this.#parts.onChange();
  };
}
