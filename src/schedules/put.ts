import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../errors.ts';
import type { Core } from '../queue/core.ts';
import { prepare } from '../queue/prepare.ts';
import type { ScheduledJob } from '../schemas/schedule.ts';
import type { ScheduleDefinition, ScheduleState } from '../schemas/stored-schedule.ts';
import { nextSlot } from '../timetable/slots.ts';
import { firstSlot, type Wish } from './check.ts';
import { type Known, timetableOf } from './definition.ts';
import { busy, type Location, type Look, MOST_TRIES, newMark, type ScheduleStore } from './store.ts';

export interface Put {
  created: boolean;
  schedule: Omit<Known, 'stateText'>;
}

/** As for a submit, with pointers into the schedule. @throws {AppError} as `prepare`. */
export async function checkJob(core: Core, job: ScheduledJob): Promise<void> {
  try {
    await prepare(core, job);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const errors = error.errors?.map(({ pointer, detail }) => ({ pointer: `/job${pointer}`, detail }));
    throw new AppError(error.code, error.message, {
      extensions: error.extensions,
      ...(errors === undefined ? {} : { errors }),
    });
  }
}

/**
 * Makes or replaces a schedule. What is the same as before changes nothing; a change of queue moves it: it leaves the
 * old one first, so that it never fires in both. To be called while nobody else writes it.
 *
 * @throws {AppError} invalid-request when it would never fire; schedule-busy.
 */
export async function putSchedule(store: ScheduleStore, id: string, wish: Wish): Promise<Put> {
  const location: Location = { queue: wish.job.queue ?? '', mark: newMark() };
  const was = await store.locate(id);
  for (let i = 0; i < MOST_TRIES; i += 1) {
    const old = await store.look(id, was?.queue ?? location.queue);
    if (old.known !== undefined && isSame(old.known.definition, wish)) {
      await store.confirm(id, was ?? location);
      return { created: false, schedule: old.known };
    }
    const made = build(wish, old, location.mark);
    await store.claim(id, location);
    if (!(await write(store, { id, location, old, made }))) continue;
    await store.confirm(id, location);
    return { created: old.known === undefined, schedule: { id, ...made } };
  }
  throw busy(id);
}

type Made = { definition: ScheduleDefinition; state: ScheduleState };

/** False when it was fired meanwhile. */
async function write(
  store: ScheduleStore,
  { id, location, old, made }: { id: string; location: Location; old: Look; made: Made },
): Promise<boolean> {
  const keys = store.keySpace.queue(location.queue);
  const expected = old.known?.stateText;
  if (old.keys.queue === location.queue) return store.write(keys, id, expected, made);
  if (expected !== undefined && !(await store.remove(old.keys, id, expected))) return false;
  await store.clear(keys, id);
  return store.write(keys, id, undefined, made);
}

function isSame({ createdAt: _, updatedAt: __, ...stored }: ScheduleDefinition, wish: Wish): boolean {
  // As JSON has it: what was read came through it.
  return isDeepStrictEqual(stored, JSON.parse(JSON.stringify(wish)));
}

/** What is to be stored: a schedule that keeps its rhythm goes on, any other begins. */
function build(wish: Wish, { known, now, keys }: Look, mark: string): Made {
  const definition: ScheduleDefinition = {
    ...wish,
    createdAt: known?.definition.createdAt ?? now,
    updatedAt: now,
  };
  const was = known?.state;
  const goesOn = known !== undefined && hasSameRhythm(known.definition, wish);
  const state: ScheduleState = {
    v: mark,
    runs: 0,
    missed: 0,
    skipped: 0,
    ...(goesOn ? counted(known.state) : {}),
    ...(was?.paused ? { paused: true } : {}),
    // A job of another queue has no ref here.
    ...(was?.ref === undefined || was.last === undefined || keys.queue !== wish.job.queue
      ? {}
      : { ref: was.ref, last: was.last }),
  };
  if (wish.maxRuns !== undefined && state.runs >= wish.maxRuns)
    return { definition, state: { ...state, finished: true } };
  // A slot that is due, and not fired yet, is not lost.
  const after = goesOn && was?.next !== undefined ? Math.min(was.next - 1, now) : now;
  const next = nextSlot(timetableOf(definition), after) ?? firstSlot(definition, now);
  return { definition, state: state.paused ? state : { ...state, next } };
}

const counted = ({ runs, missed, skipped, skip }: ScheduleState) => ({
  runs,
  missed,
  skipped,
  ...(skip === undefined ? {} : { skip }),
});

const hasSameRhythm = (a: Wish, b: Wish): boolean =>
  a.cron === b.cron && a.every === b.every && a.timeZone === b.timeZone;
