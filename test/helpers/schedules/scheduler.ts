import { beforeAll, beforeEach, expect } from 'vitest';
import type { Core } from '../../../src/core/core.ts';
import { Submitter } from '../../../src/jobs/submit/submitter.ts';
import type { ServiceEvent } from '../../../src/observer.ts';
import { decodeEntry } from '../../../src/redis/entry.ts';
import { inOrder, type QueueKeys, queueKeys } from '../../../src/redis/keys.ts';
import { decodeSchedule } from '../../../src/schedules/definition.ts';
import { Firer } from '../../../src/schedules/firer.ts';
import { Scheduler } from '../../../src/schedules/scheduler.ts';
import { readSchedules } from '../../../src/schedules/scripts/schedules.ts';
import { ScheduleStore } from '../../../src/schedules/store.ts';
import type { PutSchedule, Schedule } from '../../../src/schemas/schedule.ts';
import { createTestCore } from '../redis/core.ts';
import type { TestRedis } from '../redis/server.ts';
import { recordEvents } from '../telemetry/recorder.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export interface Schedules {
  readonly scheduler: Scheduler;
  readonly store: ScheduleStore;
  /** The troubles that the firers have met. */
  readonly complaints: readonly ServiceEvent[];
  /** A firer, as each process has one. */
  newFirer(): Firer;
  /** Runs a firer whose healer is due. */
  heal(): Promise<void>;
  /** Moves a stored schedule into the past, as if no process had fired it for that time. */
  moveBack(queue: string, id: string, ms: number): Promise<void>;
  /** The slots of the jobs in the lanes of a queue: what follows `<id>/` in their labels. */
  slots(queue: string, id: string): Promise<string[]>;
}

/** Schedules without a loop: they fire only when a test runs a firer. */
export function useSchedules(redis: TestRedis): Schedules {
  let scheduler: Scheduler;
  let store: ScheduleStore;
  let core: Core;
  const { observe, events: complaints } = recordEvents('defect', 'redis-trouble');
  beforeAll(() => {
    core = createTestCore(redis.client, {}, observe);
    scheduler = new Scheduler(core, new Submitter(core));
    store = new ScheduleStore(core);
  });
  return {
    get scheduler() {
      return scheduler;
    },
    get store() {
      return store;
    },
    complaints,
    newFirer: () => new Firer(core),
    async heal() {
      await redis.client.del(core.keySpace.scheduleHeal);
      await new Firer(core).run();
    },
    async moveBack(queue, id, ms) {
      const keys = queueKeys('mr', queue);
      const [decoded] = (await readSchedules(redis.client, keys, [id])).schedules.map(decodeSchedule);
      if (decoded === undefined) throw new Error(`there is no schedule ${id}`);
      const { definition, state } = decoded;
      const { createdAt, startAt, endAt } = definition;
      const moved = {
        id,
        definition: {
          ...definition,
          createdAt: createdAt - ms,
          ...(startAt === undefined ? {} : { startAt: startAt - ms }),
          ...(endAt === undefined ? {} : { endAt: endAt - ms }),
        },
        state: { ...state, ...(state.next === undefined ? {} : { next: state.next - ms }) },
      };
      expect(await store.write(keys, moved, decoded.stateText)).toBe(true);
    },
    async slots(queue, id) {
      const lanes = inOrder(queueKeys('mr', queue).stream);
      const entries = (await Promise.all(lanes.map((lane) => redis.client.xrange(lane, '-', '+')))).flat();
      const labels = entries.map(([, fields]) => decodeEntry(fields)?.options.m?.['schedule'] ?? '');
      return labels.filter((label) => label.startsWith(`${id}/`)).map((label) => label.slice(id.length + 1));
    },
  };
}

/** One schedule for each test, in its own queue. The schedule has the name of the queue as its id. */
export interface OneSchedule {
  readonly schedules: Schedules;
  readonly queue: string;
  readonly keys: QueueKeys;
  /** Puts the schedule. The job has the task `echo`, unless the body has another. */
  put(body: Partial<PutSchedule>): Promise<void>;
  moveBack(ms: number): Promise<void>;
  slots(): Promise<string[]>;
  shown(): Promise<Schedule>;
  /** Runs a firer until nothing is due. One pass fires only a limited number of slots. */
  fireAll(): Promise<void>;
}

export function useOneSchedule(redis: TestRedis): OneSchedule {
  const schedules = useSchedules(redis);
  let queue: string;
  let queues = 0;
  beforeEach(() => {
    queues += 1;
    queue = `q${queues}`;
  });
  return {
    schedules,
    get queue() {
      return queue;
    },
    get keys() {
      return queueKeys('mr', queue);
    },
    async put(body) {
      const job = { task: 'echo', queue, payload: 1, ...body.job };
      await schedules.scheduler.put(queue, { ...body, job });
    },
    moveBack: (ms) => schedules.moveBack(queue, queue, ms),
    slots: () => schedules.slots(queue, queue),
    shown: () => schedules.scheduler.get(queue),
    async fireAll() {
      const firer = schedules.newFirer();
      for (let i = 0; i < 150 && (await firer.run()) < 21; i += 1);
    },
  };
}
