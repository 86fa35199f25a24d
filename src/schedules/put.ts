import { isDeepStrictEqual } from 'node:util';
import type { Core } from '../core/core.ts';
import { AppError } from '../errors.ts';
import { admitJob } from '../jobs/submit/admission.ts';
import type { ScheduledJob } from '../schemas/schedule.ts';
import { firstSlot, type ScheduleRequest } from './check.ts';
import { type ReadSchedule, timetableOf } from './definition.ts';
import { placeSchedule, settledPlace } from './move.ts';
import { busy, type Location, type Look, MOST_TRIES, newVersion, type ScheduleStore } from './store.ts';
import type { ScheduleDefinition, ScheduleState } from './stored.ts';
import { nextSlot } from './timetable/fire-times.ts';

interface Put {
  created: boolean;
  schedule: Omit<ReadSchedule, 'stateText'>;
}

/** As for a submit, with pointers into the schedule. @throws {AppError} as `admitJob`. */
export async function checkJob(core: Core, job: ScheduledJob): Promise<void> {
  try {
    await admitJob(core, job);
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
 * Makes or replaces a schedule. What is the same as before changes nothing; a change of queue moves it. To be called
 * alone.
 *
 * @throws {AppError} invalid-request when it would never fire; schedule-busy.
 */
export async function putSchedule(store: ScheduleStore, id: string, wish: ScheduleRequest): Promise<Put> {
  const location: Location = { queue: wish.job.queue ?? '', mark: newVersion() };
  for (let i = 0; i < MOST_TRIES; i += 1) {
    const old = (await settledPlace(store, id)) ?? (await leftover(store, id, location.queue));
    const { known } = old;
    if (known !== undefined && 'location' in old && isSame(known.definition, wish)) {
      return { created: false, schedule: known };
    }
    const schedule = { id, ...build(wish, old, location.mark) };
    if (await placeSchedule(store, schedule, location, old))
      return { created: known === undefined, schedule };
  }
  throw busy(id);
}

/** What is in the queue though the index does not know it; a draft counts for nothing then. */
async function leftover(store: ScheduleStore, id: string, queue: string): Promise<Look> {
  const look = await store.look(id, queue);
  return look.known?.state.from === undefined ? look : { ...look, known: undefined };
}

type Made = { definition: ScheduleDefinition; state: ScheduleState };

function isSame(
  { createdAt: _, updatedAt: __, ...stored }: ScheduleDefinition,
  wish: ScheduleRequest,
): boolean {
  // As JSON has it: what was read came through it.
  return isDeepStrictEqual(stored, JSON.parse(JSON.stringify(wish)));
}

/** What is to be stored: a schedule that keeps its rhythm goes on, any other begins. */
function build(wish: ScheduleRequest, { known, now, keys }: Look, mark: string): Made {
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

const hasSameRhythm = (a: ScheduleRequest, b: ScheduleRequest): boolean =>
  a.cron === b.cron && a.every === b.every && a.timeZone === b.timeZone;
