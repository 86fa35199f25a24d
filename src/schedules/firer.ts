import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Core } from '../core/core.ts';
import { cancelJob } from '../lifecycle/cancel-and-expire.ts';
import { toFaultEvent } from '../maintenance/fault-event.ts';
import { isCluster } from '../redis/cluster/slots.ts';
import { isUnavailable } from '../redis/faults.ts';
import { parseRef } from '../redis/job-id.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { observeFiring } from './firing-events.ts';
import { Healer } from './healer.ts';
import { placeFiring } from './place-firing.ts';
import { type PlannedFiring, planFiring, toChunks } from './plan-firing.ts';
import { type Firing, fire } from './scripts/fire.ts';
import { dueSchedules, type StoredSchedule } from './scripts/schedules.ts';
import { ScheduleStore } from './store.ts';

/** Any process may create a schedule at any time, so look for due schedules at least this often. */
const MAX_WAIT_MS = 1_000;
/**
 * The delay after a failed attempt, such as for a time zone that this Node does not know. The schedule must not hold up
 * others. A process that can fire it has many tries before its slot counts as missed (`LATE_MS`).
 */
const RETRY_BROKEN_MS = 5_000;
/** Random delay of each pass, so that one process has often fired everything before the others look. */
const STAGGER_MS = 20;

const NO_TASKS = { defaults: () => undefined };

/**
 * Fires schedules. Every process does so; there is no leader. One script submits the jobs of slots and moves their schedule
 * on, if its state is still the one that was read. So each slot is submitted once.
 */
export class Firer {
  readonly #core: Core;
  readonly #store: ScheduleStore;
  readonly #healer: Healer;
  readonly #maxWaitMs: number;

  /** @param maxWaitMs how often to look for new schedules, ms. */
  constructor(core: Core, maxWaitMs = MAX_WAIT_MS) {
    this.#core = core;
    this.#maxWaitMs = maxWaitMs;
    this.#store = new ScheduleStore(core);
    this.#healer = new Healer(this.#store);
  }

  /** Fires what is due in all queues; returns the ms until the next pass. Sends one command when no queue is watched. */
  readonly run = async (): Promise<number> => {
    const queues = Object.entries(await this.#store.redis.hgetall(this.#store.keySpace.scheduledQueues));
    // In a Cluster the list may have lost a queue, which the healer finds.
    if (queues.length === 0 && !isCluster(this.#store.redis)) return this.#maxWaitMs;
    // Queues are independent and there may be many, so their round trips overlap.
    const waits = await Promise.all(
      queues.map(([queue]) => this.#fireQueue(this.#store.keySpace.queue(queue))),
    );
    const firedAt = this.#store.clock.monotonic();
    await this.#healer.run(queues);
    const wait = Math.min(this.#maxWaitMs, ...waits) - (this.#store.clock.monotonic() - firedAt);
    return Math.max(0, wait) + Math.random() * STAGGER_MS;
  };

  /** Fires what is due in one queue; returns the ms until its next fire time, 0 when a slot is still due. */
  async #fireQueue(keys: QueueKeys): Promise<number> {
    const { now, nextAt, schedules } = await dueSchedules(this.#store.redis, keys);
    const readAt = this.#store.clock.monotonic();
    const tasks = schedules.length > 0 ? await this.#core.tasks.announced(keys) : NO_TASKS;
    const planned: PlannedFiring[] = [];
    for (const schedule of schedules) {
      const one = await this.#attempt(keys, schedule, now, async () =>
        planFiring(this.#store.keySpace, schedule, now, tasks),
      );
      if (one !== undefined) planned.push(one);
      // The search for missed slots takes a while, so requests and lease renewals run in between.
      await yieldToOthers();
    }
    const times = [nextAt];
    for (const chunk of toChunks(planned)) {
      const attempts = chunk.map((one) =>
        this.#attempt(keys, one.schedule, now, () => this.#cancelReplaced(keys, one)),
      );
      const firings = (await Promise.all(attempts)).filter((firing) => firing !== undefined);
      const states = await fire(this.#store.redis, keys, firings);
      firings.forEach((firing, i) => {
        observeFiring(this.#core.observe, keys.queue, firing, states[i] ?? '', now);
      });
      times.push(...firings.map(({ fireAt }) => fireAt));
    }
    const first = Math.min(...times.map((at) => at ?? Number.POSITIVE_INFINITY));
    return Math.max(0, first - now - (this.#store.clock.monotonic() - readAt));
  }

  /** Cancels the job that the firing replaces, then returns the firing as it is sent. */
  async #cancelReplaced(keys: QueueKeys, { firing, replacedRef }: PlannedFiring): Promise<Firing> {
    if (replacedRef !== undefined) {
      await cancelJob(this.#core, keys, parseRef(replacedRef));
    }
    return placeFiring(firing, this.#core.settings.resultTtlMs);
  }

  /** Runs the work for a schedule. A failure is reported and postpones the schedule; the result is then undefined. */
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
      await this.#store.postpone(keys, schedule, now + RETRY_BROKEN_MS);
      return undefined;
    }
  }
}
