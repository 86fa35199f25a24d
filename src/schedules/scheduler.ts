import type { Core } from '../core/core.ts';
import { EVERY_QUEUE, type QueueGuard } from '../core/queue-guard.ts';
import { AppError } from '../errors.ts';
import type { SubmitResult } from '../jobs/submit/outcomes.ts';
import type { Submitter } from '../jobs/submit/submitter.ts';
import { DEFAULT_QUEUE, type Job } from '../schemas/job.ts';
import { type PreviewSchedule, type PutSchedule, type Schedule, SLOT_LABEL } from '../schemas/schedule.ts';
import type { ScheduleListQuery } from '../schemas/schedule-http.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import type { VisibleQueues } from '../schemas/values/visible-queues.ts';
import { checkJob, firstSlot, parseScheduleRequest } from './check.ts';
import { type DecodedSchedule, slotLabelOf, timetableOf } from './definition.ts';
import { listSchedules, type SchedulePage } from './list.ts';
import { type LocatedSchedule, readLocated } from './move.ts';
import { putSchedule } from './put.ts';
import { busy, MAX_TRIES, ScheduleStore } from './store.ts';
import type { ScheduleState } from './stored.ts';
import { nextSlot, slotsAfter } from './timetable/fire-times.ts';
import { fireAt } from './timetable/plan.ts';
import { viewSchedule } from './view.ts';

/** A located schedule that can be decoded. */
type ReadableSchedule = LocatedSchedule & { decoded: DecodedSchedule };

/** Creates, shows and controls schedules. A `Firer` fires them. A guard tells which queues the client may act on. */
export class Scheduler {
  readonly #core: Core;
  readonly #submitter: Submitter;
  readonly #store: ScheduleStore;

  constructor(core: Core, submitter: Submitter) {
    this.#core = core;
    this.#submitter = submitter;
    this.#store = new ScheduleStore(core);
  }

  /** @throws {AppError} invalid-request, unknown-task, invalid-payload; schedule-busy, schedule-taken. */
  async put(
    id: string,
    body: PutSchedule,
    guard: QueueGuard = EVERY_QUEUE,
  ): Promise<{ created: boolean; schedule: Schedule }> {
    const request = parseScheduleRequest(body, this.#core.clock.wall());
    await checkJob(this.#core, request.job);
    const put = () => putSchedule(this.#store, id, request, guard);
    const { created, schedule } = await this.#store.withLock(id, put);
    return { created, schedule: viewSchedule(schedule) };
  }

  /** @throws {AppError} schedule-not-found, as do all methods below that take an id. */
  async get(id: string, guard?: QueueGuard): Promise<Schedule> {
    return viewSchedule((await this.#read(id, guard)).decoded);
  }

  list(query: ScheduleListQuery & { limit: number }, visible?: VisibleQueues): Promise<SchedulePage> {
    return listSchedules(this.#store, query, visible);
  }

  /** Removes the schedule. Its submitted jobs stay. */
  remove(id: string, guard?: QueueGuard): Promise<void> {
    return this.#store.withLock(id, () => this.#remove(id, guard));
  }

  /** Removes the schedule if it is in this queue, or else the draft that an unfinished move has left there. */
  removeFromQueue(id: string, queue: string): Promise<void> {
    return this.#store.withLock(id, async () => {
      const located = await readLocated(this.#store, id);
      if (located?.location.queue === queue) return this.#remove(id);
      const { keys, stored } = await this.#store.read(id, queue);
      if (stored !== undefined) await this.#store.remove(keys, stored);
    });
  }

  async #remove(id: string, guard?: QueueGuard): Promise<void> {
    for (let i = 0; i < MAX_TRIES; i += 1) {
      const located = await readLocated(this.#store, id, guard);
      if (located === undefined) throw notFound(id);
      const { keys, stored, location } = located;
      if (stored !== undefined && !(await this.#store.remove(keys, stored))) continue;
      await this.#store.removeFromIndex(id, location);
      if (stored === undefined) throw notFound(id);
      return;
    }
    throw busy(id);
  }

  /** Stops firing. Slots that pass during the pause are not fired later. */
  pause(id: string, guard?: QueueGuard): Promise<Schedule> {
    return this.#change(id, guard, ({ decoded }) => {
      const { next: _, ...state } = decoded.state;
      return state.paused ? undefined : { ...state, paused: true };
    });
  }

  resume(id: string, guard?: QueueGuard): Promise<Schedule> {
    return this.#change(id, guard, ({ decoded: { definition, state }, now }) => {
      if (!state.paused) return undefined;
      const { paused: _, ...rest } = state;
      const next = state.finished ? undefined : nextSlot(timetableOf(definition), now);
      return next === undefined ? { ...rest, finished: true } : { ...rest, next };
    });
  }

  /**
   * Submits the job now, outside the slots. A key makes this happen once, while the schedule stays in its queue.
   *
   * @throws {AppError} also as a submit does.
   */
  async run(id: string, key?: string, guard?: QueueGuard): Promise<SubmitResult<Job>> {
    const { decoded, now } = await this.#read(id, guard);
    const { job } = decoded.definition;
    const metadata = { ...job.metadata, [SLOT_LABEL]: slotLabelOf(id, now) };
    // A repeated request must match although its label has another time, and although the job may have changed.
    return this.#submitter.submit({ ...job, metadata }, key, { request: { run: id } });
  }

  /** The next times at which the schedule fires; none while it is paused. */
  async preview(id: string, n: number, guard?: QueueGuard): Promise<string[]> {
    const { definition, state } = (await this.#read(id, guard)).decoded;
    const { maxRuns, window: windowMs } = definition;
    if (state.next === undefined) return [];
    const timetable = timetableOf(definition);
    const count = Math.min(n, maxRuns === undefined ? n : maxRuns - state.runs);
    const slots = slotsAfter(timetable, state.next - 1, count);
    return slots.map((slot) => toTimestamp(fireAt(timetable, { id, windowMs }, slot)));
  }

  /** The first slots of a schedule that would be created now. A window is not applied: it needs the id. */
  async previewOf(body: PreviewSchedule, n: number): Promise<string[]> {
    const request = parseScheduleRequest(
      { ...body, job: body.job ?? { task: 'preview' } },
      this.#core.clock.wall(),
    );
    const definition = { ...request, createdAt: await this.#store.now(request.job.queue ?? DEFAULT_QUEUE) };
    const first = firstSlot(definition, definition.createdAt);
    const slots = slotsAfter(timetableOf(definition), first - 1, Math.min(n, request.maxRuns ?? n));
    return slots.map(toTimestamp);
  }

  /** Reads the schedule without the lock, also while it is being moved. */
  async #read(id: string, guard: QueueGuard = EVERY_QUEUE): Promise<ReadableSchedule> {
    for (let i = 0; i < MAX_TRIES; i += 1) {
      const location = await this.#store.readLocation(id);
      if (location === undefined || !guard(location.queue)) throw notFound(id);
      const read = await this.#store.read(id, location.queue);
      if (read.stored !== undefined) return requireReadable({ ...read, location });
      // A process that died left this location, or the schedule was moved since. Only the first is removed.
      await this.#store.removeFromIndex(id, location);
    }
    throw busy(id);
  }

  /** Writes the state that `change` returns; undefined changes nothing. */
  #change(
    id: string,
    guard: QueueGuard | undefined,
    change: (schedule: ReadableSchedule) => ScheduleState | undefined,
  ): Promise<Schedule> {
    return this.#store.withLock(id, async () => {
      for (let i = 0; i < MAX_TRIES; i += 1) {
        const located = await readLocated(this.#store, id, guard);
        if (located?.stored === undefined) throw notFound(id);
        const schedule = requireReadable(located);
        const { keys, decoded } = schedule;
        const state = change(schedule);
        if (state === undefined) return viewSchedule(decoded);
        if (await this.#store.writeState(keys, decoded, state)) return viewSchedule({ ...decoded, state });
      }
      throw busy(id);
    });
  }
}

const notFound = (id: string) => new AppError('schedule-not-found', `There is no schedule "${id}".`);

/** @throws {AppError} schedule-not-found when the stored text cannot be decoded. */
function requireReadable(located: LocatedSchedule): ReadableSchedule {
  const { decoded, stored } = located;
  if (decoded !== undefined) return { ...located, decoded };
  const text = `The stored schedule "${stored?.id}" cannot be read. Replace it with PUT or remove it with DELETE.`;
  throw new AppError('schedule-not-found', text);
}
