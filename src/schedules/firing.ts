import { setImmediate as breath } from 'node:timers/promises';
import type { Observer } from '../observer.ts';
import { newEntry } from '../queue/prepare.ts';
import { isUnavailable } from '../redis/connect.ts';
import { parseRef } from '../redis/entry.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { withdraw } from '../redis/scripts/cancel.ts';
import { type Firing, fire } from '../redis/scripts/fire.ts';
import { dueSchedules, type StoredSchedule } from '../redis/scripts/schedules.ts';
import { SLOT_LABEL } from '../schemas/schedule.ts';
import { plan } from '../timetable/plan.ts';
import { trouble } from '../upkeep/trouble.ts';
import { decodeSchedule, type Known, labelOf, timeOf, timetableOf } from './definition.ts';
import { Healer } from './heal.ts';
import type { ScheduleStore } from './store.ts';

/** Schedules may be written by other processes at any time: look at least this often. */
const AT_LEAST_EVERY_MS = 1_000;
/**
 * A schedule that cannot be fired here, say for a zone that this Node does not know, must not hold up the others. For so
 * long no process fires it; those that can are to have many tries before its slot counts as missed (`LATE_MS`).
 */
const BROKEN_AGAIN_MS = 5_000;
/** Slots of one schedule that are fired in one call. */
const MOST_SLOTS = 200;
/** Drawn by each process for each pass, so that the first has often done all before the others look. */
const STAGGER_MS = 20;

/**
 * Fires schedules. Any number of processes do so, none of them leads: the script that submits the jobs of slots moves
 * their schedule on in the same step, if it is as it was read.
 */
export class Firer {
  readonly #store: ScheduleStore;
  readonly #resultTtlMs: number;
  readonly #observe: Observer;
  readonly #healer: Healer;

  constructor(store: ScheduleStore, resultTtlMs: number, observe: Observer) {
    this.#store = store;
    this.#resultTtlMs = resultTtlMs;
    this.#observe = observe;
    this.#healer = new Healer(store);
  }

  /** Fires what is due in all queues; returns the ms until the next look. One command when there are no schedules. */
  readonly run = async (): Promise<number> => {
    const queues = Object.entries(await this.#store.redis.hgetall(this.#store.keySpace.scheduledQueues));
    if (queues.length === 0) return AT_LEAST_EVERY_MS;
    // Queues are independent, and there may be many: their round trips overlap.
    const waits = await Promise.all(
      queues.map(([queue]) => this.#fireQueue(this.#store.keySpace.queue(queue))),
    );
    const firedAt = performance.now();
    await this.#healer.run(queues);
    const wait = Math.min(AT_LEAST_EVERY_MS, ...waits) - (performance.now() - firedAt);
    return Math.max(0, wait) + Math.random() * STAGGER_MS;
  };

  /** Ms until the first slot that is left; 0 when some is due. */
  async #fireQueue(keys: QueueKeys): Promise<number> {
    const { now, nextAt, schedules } = await dueSchedules(this.#store.redis, keys);
    const began = performance.now();
    const firings: Firing[] = [];
    for (const schedule of schedules) {
      const firing = await this.#prepare(keys, schedule, now);
      if (firing !== undefined) firings.push(firing);
      // Looking for missed slots takes a while: requests and leases come between.
      await breath();
    }
    for (const part of parts(firings)) await fire(this.#store.redis, keys, part);
    const times = [...firings.map(({ fireAt }) => fireAt), nextAt];
    const first = Math.min(...times.map((at) => at ?? Number.POSITIVE_INFINITY));
    return Math.max(0, first - now - (performance.now() - began));
  }

  async #prepare(keys: QueueKeys, schedule: StoredSchedule, now: number): Promise<Firing | undefined> {
    const known = decodeSchedule(schedule);
    try {
      if (known === undefined) throw new Error(`what is stored as schedule "${schedule.id}" is none`);
      const firing = firingOf(this.#store.keySpace, known, now);
      const { ref } = known.state;
      if (known.definition.overlap === 'replace' && ref !== undefined && firing.slots.length > 0) {
        await withdraw(this.#store.redis, keys, parseRef(ref), 'cancelled', this.#resultTtlMs);
      }
      return firing;
    } catch (error) {
      if (isUnavailable(error)) throw error;
      this.#observe(trouble(`schedule ${schedule.id}`, error));
      await this.#store.postpone(keys, schedule, now + BROKEN_AGAIN_MS);
      return undefined;
    }
  }
}

/** What to do now with a schedule whose next slot is due. */
function firingOf(keySpace: KeySpace, { id, definition, state, stateText }: Known, now: number): Firing {
  const { overlap, maxRuns, job, misfire, window: windowMs } = definition;
  // Each is to be cancelled for the next.
  const most = overlap === 'replace' ? 1 : MOST_SLOTS;
  const first = state.next ?? now;
  const { slots, missed, next } = plan(timetableOf(definition), { id, misfire, windowMs, most }, first, now);
  const { next: _, ...rest } = state;
  const moved = { ...rest, missed: state.missed + missed, ...(next === undefined ? {} : { next }) };
  const { entry } = newEntry(keySpace, job);
  return {
    id,
    expected: stateText,
    state: JSON.stringify(moved),
    fireAt: timeOf(id, definition, next),
    skipsOverlap: overlap === 'skip',
    maxRuns,
    job: entry,
    slots: slots.map((slot) => ({
      slot,
      options: { ...entry.options, m: { ...entry.options.m, [SLOT_LABEL]: labelOf(id, slot) } },
    })),
  };
}

/** The list in parts that keep Redis busy for a short time each. */
function parts(firings: readonly Firing[]): Firing[][] {
  const found: Firing[][] = [];
  let slots = 0;
  for (const firing of firings) {
    slots += firing.slots.length;
    // A schedule all of whose slots are dropped has none to be fired, but is to be moved on all the same.
    if (found.length === 0 || slots > MOST_SLOTS) {
      found.push([]);
      slots = firing.slots.length;
    }
    found.at(-1)?.push(firing);
  }
  return found;
}
