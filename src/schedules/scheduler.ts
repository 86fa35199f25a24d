import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import type { SubmitResult } from '../jobs/submit/outcomes.ts';
import type { Submitter } from '../jobs/submit/submitter.ts';
import type { Job } from '../schemas/job.ts';
import { type PreviewSchedule, type PutSchedule, type Schedule, SLOT_LABEL } from '../schemas/schedule.ts';
import type { ScheduleListQuery } from '../schemas/schedule-http.ts';
import { firstSlot, scheduleRequestOf } from './check.ts';
import { labelOf, timetableOf } from './definition.ts';
import { listSchedules, type SchedulePage } from './list.ts';
import { type Place, settledPlace } from './move.ts';
import { checkJob, putSchedule } from './put.ts';
import { busy, MOST_TRIES, ScheduleStore } from './store.ts';
import type { ScheduleState } from './stored.ts';
import { nextSlot, slotsAfter } from './timetable/fire-times.ts';
import { fireAt } from './timetable/plan.ts';
import { viewSchedule } from './view.ts';

/** A schedule that is there. */
type Found = Place & { known: NonNullable<Place['known']> };

const toTimes = (times: readonly number[]): string[] => times.map((at) => new Date(at).toISOString());

/** Makes, shows and steers schedules. Whoever fires them is a `Firer`. */
export class Scheduler {
  readonly #core: Core;
  readonly #submitter: Submitter;
  readonly #store: ScheduleStore;

  constructor(core: Core, submitter: Submitter) {
    this.#core = core;
    this.#submitter = submitter;
    this.#store = new ScheduleStore(core);
  }

  /** @throws {AppError} invalid-request, unknown-task, invalid-payload; schedule-busy. */
  async put(id: string, body: PutSchedule): Promise<{ created: boolean; schedule: Schedule }> {
    const wish = scheduleRequestOf(body);
    await checkJob(this.#core, wish.job);
    const { created, schedule } = await this.#store.alone(id, () => putSchedule(this.#store, id, wish));
    return { created, schedule: viewSchedule(schedule) };
  }

  /** @throws {AppError} schedule-not-found, as do all below that take an id. */
  async get(id: string): Promise<Schedule> {
    return viewSchedule((await this.#find(id)).known);
  }

  list(query: ScheduleListQuery & { limit: number }): Promise<SchedulePage> {
    return listSchedules(this.#store, query);
  }

  /** Jobs that were submitted stay. */
  remove(id: string): Promise<void> {
    return this.#store.alone(id, () => this.#remove(id));
  }

  async #remove(id: string): Promise<void> {
    for (let i = 0; i < MOST_TRIES; i += 1) {
      const place = await settledPlace(this.#store, id);
      if (place === undefined) throw notFound(id);
      const { keys, stored, location } = place;
      if (stored !== undefined && !(await this.#store.remove(keys, stored))) continue;
      await this.#store.forget(id, location);
      if (stored === undefined) throw notFound(id);
      return;
    }
    throw busy(id);
  }

  /** Slots that come while it is paused are not made up for. */
  pause(id: string): Promise<Schedule> {
    return this.#change(id, ({ known }) => {
      const { next: _, ...state } = known.state;
      return state.paused ? undefined : { ...state, paused: true };
    });
  }

  resume(id: string): Promise<Schedule> {
    return this.#change(id, ({ known: { definition, state }, now }) => {
      if (!state.paused) return undefined;
      const { paused: _, ...rest } = state;
      const next = state.finished ? undefined : nextSlot(timetableOf(definition), now);
      return next === undefined ? { ...rest, finished: true } : { ...rest, next };
    });
  }

  /** Submits the job now, whatever the slots; with a key once while the schedule stays in its queue. @throws {AppError} also as a submit does. */
  async run(id: string, key?: string): Promise<SubmitResult<Job>> {
    const { known, now } = await this.#find(id);
    const { job } = known.definition;
    const metadata = { ...job.metadata, [SLOT_LABEL]: labelOf(id, now) };
    // The label tells the time, and the job may be changed: a repeated request is the same all the same.
    return this.#submitter.submit({ ...job, metadata }, key, { request: { run: id } });
  }

  /** The next times at which it fires: none while it is paused. */
  async preview(id: string, n: number): Promise<string[]> {
    const { definition, state } = (await this.#find(id)).known;
    const { maxRuns, window: windowMs } = definition;
    if (state.next === undefined) return [];
    const timetable = timetableOf(definition);
    const most = Math.min(n, maxRuns === undefined ? n : maxRuns - state.runs);
    const slots = slotsAfter(timetable, state.next - 1, most);
    return toTimes(slots.map((slot) => fireAt(timetable, { id, windowMs }, slot)));
  }

  /** As it would be if it were made now; with a window, the times from which each is spread. */
  async previewOf(body: PreviewSchedule, n: number): Promise<string[]> {
    const wish = scheduleRequestOf({ ...body, job: body.job ?? { task: 'preview' } });
    const definition = { ...wish, createdAt: await this.#store.now() };
    const first = firstSlot(definition, definition.createdAt);
    return toTimes(slotsAfter(timetableOf(definition), first - 1, Math.min(n, wish.maxRuns ?? n)));
  }

  /** Whether it is being moved or not. */
  async #find(id: string): Promise<Found> {
    for (let i = 0; i < MOST_TRIES; i += 1) {
      const location = await this.#store.locate(id);
      if (location === undefined) throw notFound(id);
      const look = await this.#store.look(id, location.queue);
      if (look.stored !== undefined) return readable({ ...look, location });
      // Left behind by a process that died, unless the schedule was moved since.
      await this.#store.forget(id, location);
    }
    throw busy(id);
  }

  /** Changes the state; undefined leaves it as it is. */
  #change(id: string, change: (found: Found) => ScheduleState | undefined): Promise<Schedule> {
    return this.#store.alone(id, async () => {
      for (let i = 0; i < MOST_TRIES; i += 1) {
        const place = await settledPlace(this.#store, id);
        if (place?.stored === undefined) throw notFound(id);
        const found = readable(place);
        const { keys, known } = found;
        const state = change(found);
        if (state === undefined) return viewSchedule(known);
        if (await this.#store.change(keys, known, state)) return viewSchedule({ ...known, state });
      }
      throw busy(id);
    });
  }
}

const notFound = (id: string) => new AppError('schedule-not-found', `There is no schedule "${id}".`);

/** @throws {AppError} schedule-not-found when what is stored is no schedule that can be read. */
function readable(place: Place): Found {
  const { known, stored } = place;
  if (known !== undefined) return { ...place, known };
  const text = `What is stored as schedule "${stored?.id}" cannot be read. PUT replaces it, DELETE removes it.`;
  throw new AppError('schedule-not-found', text);
}
