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
  /** As each process has one. */
  newFirer(): Firer;
  /** What the one does who mends, once a minute, as if the last time were long ago. It fires, too. */
  heal(): Promise<void>;
  /** Moves all that is stored of a schedule so far into the past: as if nobody had fired it for as long. */
  moveBack(queue: string, id: string, ms: number): Promise<void>;
  /** The slots of the jobs in the lanes of a queue, in the order of their submits: what follows `<id>/`. */
  slots(queue: string, id: string): Promise<string[]>;
}

/** Schedules without any loop: they are fired when a test says so. */
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
      const [known] = (await readSchedules(redis.client, keys, [id])).schedules.map(decodeSchedule);
      if (known === undefined) throw new Error(`there is no schedule ${id}`);
      const { definition, state } = known;
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
      expect(await store.write(keys, moved, known.stateText)).toBe(true);
    },
    async slots(queue, id) {
      const lanes = inOrder(queueKeys('mr', queue).stream);
      const entries = (await Promise.all(lanes.map((lane) => redis.client.xrange(lane, '-', '+')))).flat();
      const labels = entries.map(([, fields]) => decodeEntry(fields)?.options.m?.['schedule'] ?? '');
      return labels.filter((label) => label.startsWith(`${id}/`)).map((label) => label.slice(id.length + 1));
    },
  };
}

/** The schedule of a test, in a queue of its own; its id is that of the queue. */
export interface OneSchedule {
  readonly schedules: Schedules;
  readonly queue: string;
  readonly keys: QueueKeys;
  /** Makes it: a job of the task `echo`, unless the wish says otherwise. */
  put(wish: Partial<PutSchedule>): Promise<void>;
  moveBack(ms: number): Promise<void>;
  slots(): Promise<string[]>;
  shown(): Promise<Schedule>;
  /** Fires all that is due. A pass fires no more than it may; what is left is due at once. */
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
    async put(wish) {
      const job = { task: 'echo', queue, payload: 1, ...wish.job };
      await schedules.scheduler.put(queue, { ...wish, job });
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
