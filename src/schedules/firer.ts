import { setImmediate as breath } from 'node:timers/promises';
import type { Core } from '../core/core.ts';
import { newEntry } from '../jobs/submit/admission.ts';
import { cancelJob } from '../lifecycle/cancel-and-expire.ts';
import { toFaultEvent } from '../maintenance/fault-event.ts';
import { isUnavailable } from '../redis/faults.ts';
import { parseRef } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { SLOT_LABEL } from '../schemas/schedule.ts';
import { decodeSchedule, labelOf, timeOf, timetableOf } from './definition.ts';
import { observeFiring } from './firing-events.ts';
import { Healer } from './healer.ts';
import { type Firing, fire } from './scripts/fire.ts';
import { dueSchedules, type StoredSchedule } from './scripts/schedules.ts';
import { ScheduleStore } from './store.ts';
import { plan } from './timetable/plan.ts';

/** Schedules may be written by other processes at any time: look at least this often. */
const AT_LEAST_EVERY_MS = 1_000;
/**
 * A schedule that cannot be fired here, say for a zone that this Node does not know, must not hold up the others. For so
 * long no process fires it; those that can are to have many tries before its slot counts as missed (`LATE_MS`).
 */
const BROKEN_AGAIN_MS = 5_000;
/** Slots that are fired in one call, */
const MOST_SLOTS = 200;
/** and bytes of their jobs, but for a single one. */
const MOST_BYTES = 8_388_608;
/** Drawn by each process for each pass, so that the first has often done all before the others look. */
const STAGGER_MS = 20;

/**
 * Fires schedules. Any number of processes do so, none of them leads: the script that submits the jobs of slots moves
 * their schedule on in the same step, if it is as it was read.
 */
export class Firer {
  readonly #core: Core;
  readonly #store: ScheduleStore;
  readonly #healer: Healer;

  constructor(core: Core) {
    this.#core = core;
    this.#store = new ScheduleStore(core);
    this.#healer = new Healer(this.#store);
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
    const dues: Due[] = [];
    for (const schedule of schedules) {
      const due = await this.#attempt(keys, schedule, now, async () => {
        return dueOf(this.#store.keySpace, schedule, now);
      });
      if (due !== undefined) dues.push(due);
      // Looking for missed slots takes a while: requests and leases come between.
      await breath();
    }
    const times = [nextAt];
    for (const part of parts(dues)) {
      const tried = part.map((due) =>
        this.#attempt(keys, due.schedule, now, () => this.#withdrawn(keys, due)),
      );
      const firings = (await Promise.all(tried)).filter((firing) => firing !== undefined);
      const states = await fire(this.#store.redis, keys, firings);
      firings.forEach((firing, i) => {
        observeFiring(this.#core.observe, keys.queue, firing, states[i] ?? '', now);
      });
      times.push(...firings.map(({ fireAt }) => fireAt));
    }
    const first = Math.min(...times.map((at) => at ?? Number.POSITIVE_INFINITY));
    return Math.max(0, first - now - (performance.now() - began));
  }

  /** What is to be fired, once the job is cancelled that it replaces. */
  async #withdrawn(keys: QueueKeys, { firing, replaced }: Due): Promise<Firing> {
    if (replaced !== undefined) {
      await cancelJob(this.#core, keys, parseRef(replaced));
    }
    return firing;
  }

  /** Undefined when it failed: the schedule is told of, and put off. */
  async #attempt<T>(
    keys: QueueKeys,
    schedule: StoredSchedule,
    now: number,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (isUnavailable(error)) throw error;
      this.#core.observe(toFaultEvent(`schedule ${schedule.id}`, error));
      await this.#store.postpone(keys, schedule, now + BROKEN_AGAIN_MS);
      return undefined;
    }
  }
}

/** A schedule whose next slot is due. */
interface Due {
  schedule: StoredSchedule;
  /** What is to be done with it. */
  firing: Firing;
  /** The job that is to be cancelled before. */
  replaced: string | undefined;
  /** Of all its jobs together, as they are written. */
  bytes: number;
}

/** @throws {Error} when it cannot be fired here. */
function dueOf(keySpace: KeySpace, schedule: StoredSchedule, now: number): Due {
  const known = decodeSchedule(schedule);
  if (known === undefined) throw new Error(`what is stored as schedule "${schedule.id}" is none`);
  const { id, definition, state, stateText } = known;
  const { overlap, maxRuns, job, misfire, window: windowMs } = definition;
  const { entry } = newEntry(keySpace, job, now);
  const bytesOfOne = Buffer.byteLength(entry.payload) + Buffer.byteLength(JSON.stringify(entry.options));
  const room = Math.max(1, Math.floor(MOST_BYTES / bytesOfOne));
  // Where one replaces another, each is to be cancelled for the next.
  const most = overlap === 'replace' ? 1 : Math.min(MOST_SLOTS, room);
  const first = state.next ?? now;
  const { slots, missed, next } = plan(timetableOf(definition), { id, misfire, windowMs, most }, first, now);
  const { next: _, ...rest } = state;
  const moved = { ...rest, missed: state.missed + missed, ...(next === undefined ? {} : { next }) };
  const firing = {
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
  const replaced = overlap === 'replace' && slots.length > 0 ? state.ref : undefined;
  return { schedule, firing, replaced, bytes: slots.length * bytesOfOne };
}

/** The list in parts that keep Redis busy for a short time each. */
function parts(dues: readonly Due[]): Due[][] {
  const found: Due[][] = [];
  let slots = 0;
  let bytes = 0;
  for (const due of dues) {
    slots += due.firing.slots.length;
    bytes += due.bytes;
    // A schedule all of whose slots are dropped has none to be fired, but is to be moved on all the same.
    if (found.length === 0 || slots > MOST_SLOTS || bytes > MOST_BYTES) {
      found.push([]);
      slots = due.firing.slots.length;
      bytes = due.bytes;
    }
    found.at(-1)?.push(due);
  }
  return found;
}
