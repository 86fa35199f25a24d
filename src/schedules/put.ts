import { isDeepStrictEqual } from 'node:util';
import { EVERY_QUEUE, type QueueGuard } from '../core/queue-guard.ts';
import { AppError } from '../errors.ts';
import { printJson } from '../schemas/json/json-text.ts';
import { parseAround } from '../schemas/json/parse-around.ts';
import { SCHEDULE_TEXTS } from '../schemas/schedule.ts';
import { firstSlot, type ScheduleRequest } from './check.ts';
import { type DecodedSchedule, timetableOf } from './definition.ts';
import { readLocated, writeToQueue } from './move.ts';
import {
  busy,
  type Location,
  MAX_TRIES,
  newVersion,
  type ScheduleRead,
  type ScheduleStore,
} from './store.ts';
import type { ScheduleDefinition, ScheduleState } from './stored.ts';
import { nextSlot } from './timetable/fire-times.ts';

interface PutResult {
  created: boolean;
  schedule: Omit<DecodedSchedule, 'stateText'>;
}

/**
 * Creates or replaces a schedule. The same request again changes nothing; another queue moves the schedule. Needs the lock.
 *
 * @throws {AppError} invalid-request when the schedule would never fire; schedule-busy; schedule-taken when the guard hides
 *   the queue of a schedule with this id.
 */
export async function putSchedule(
  store: ScheduleStore,
  id: string,
  request: ScheduleRequest,
  guard: QueueGuard = EVERY_QUEUE,
): Promise<PutResult> {
  const own: QueueGuard = (queue) => {
    if (!guard(queue)) throw taken(id);
    return true;
  };
  const location: Location = { queue: request.job.queue ?? '', version: newVersion() };
  for (let i = 0; i < MAX_TRIES; i += 1) {
    const old = (await readLocated(store, id, own)) ?? (await readUnindexed(store, id, location.queue));
    const { decoded } = old;
    if (decoded !== undefined && 'location' in old && isSame(decoded.definition, request)) {
      return { created: false, schedule: decoded };
    }
    const schedule = { id, ...buildSchedule(request, old, location.version) };
    if (await writeToQueue(store, schedule, location, old)) {
      return { created: decoded === undefined, schedule };
    }
  }
  throw busy(id);
}

/** The queue is not named: the client may not know of it. */
const taken = (id: string): AppError =>
  new AppError('schedule-taken', `The id "${id}" belongs to another schedule. Choose another id.`);

/** What the queue holds although the index does not have the schedule. A draft counts for nothing then. */
async function readUnindexed(store: ScheduleStore, id: string, queue: string): Promise<ScheduleRead> {
  const read = await store.read(id, queue);
  return read.decoded?.state.from === undefined ? read : { ...read, decoded: undefined };
}

function isSame(
  { createdAt: _, updatedAt: __, ...stored }: ScheduleDefinition,
  request: ScheduleRequest,
): boolean {
  // The stored definition went through JSON, which drops undefined members.
  const written = parseAround(Buffer.from(printJson(request)), SCHEDULE_TEXTS);
  return isDeepStrictEqual(stored, written);
}

/** Builds definition and state. A schedule with the same recurrence keeps its counts; any other starts from zero. */
function buildSchedule(
  request: ScheduleRequest,
  { decoded: old, now, keys }: ScheduleRead,
  version: string,
): { definition: ScheduleDefinition; state: ScheduleState } {
  const definition: ScheduleDefinition = {
    ...request,
    createdAt: old?.definition.createdAt ?? now,
    updatedAt: now,
  };
  const oldState = old?.state;
  const isContinued = old !== undefined && hasSameRecurrence(old.definition, request);
  const state: ScheduleState = {
    v: version,
    runs: 0,
    missed: 0,
    skipped: 0,
    ...(isContinued ? countsOf(old.state) : {}),
    ...(oldState?.paused ? { paused: true } : {}),
    // A ref names a job of one queue only.
    ...(oldState?.ref === undefined || oldState.last === undefined || keys.queue !== request.job.queue
      ? {}
      : { ref: oldState.ref, last: oldState.last }),
  };
  if (request.maxRuns !== undefined && state.runs >= request.maxRuns) {
    return { definition, state: { ...state, finished: true } };
  }
  // A slot that is due but has not fired must not be lost.
  const after = isContinued && oldState?.next !== undefined ? Math.min(oldState.next - 1, now) : now;
  const next = nextSlot(timetableOf(definition), after) ?? firstSlot(definition, now);
  return { definition, state: state.paused ? state : { ...state, next } };
}

const countsOf = ({ runs, missed, skipped, skip }: ScheduleState) => ({
  runs,
  missed,
  skipped,
  ...(skip === undefined ? {} : { skip }),
});

const hasSameRecurrence = (a: ScheduleRequest, b: ScheduleRequest): boolean =>
  a.cron === b.cron && a.every === b.every && a.timeZone === b.timeZone;
