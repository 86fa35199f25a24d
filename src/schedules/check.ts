import type { Core } from '../core/core.ts';
import { AppError, invalidRequest } from '../errors.ts';
import { admitJob } from '../jobs/submit/admission.ts';
import { DEFAULT_QUEUE } from '../schemas/job.ts';
import type { Fault } from '../schemas/problem.ts';
import {
  DEFAULT_TIME_ZONE,
  MAX_WINDOW_MS,
  MIN_EVERY_MS,
  type PreviewSchedule,
  type ScheduledJob,
} from '../schemas/schedule.ts';
import { durationMs, MAX_DURATION_MS, MAX_START_MS } from '../schemas/values/duration.ts';
import { timeMs } from '../schemas/values/timestamp.ts';
import { timetableOf } from './definition.ts';
import type { ScheduleDefinition } from './stored.ts';
import { cronFault, hasAnySlot, isTimeZone, nextSlot } from './timetable/fire-times.ts';

/** A schedule as a client requests it, in the form in which it is stored. */
export type ScheduleRequest = Omit<ScheduleDefinition, 'createdAt' | 'updatedAt'>;

/** RFC 3339 has no later time. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Checks what the schema cannot, and fills in the defaults. `firstSlot` checks that the schedule has a slot.
 *
 * @param now Unix ms.
 * @throws {AppError} invalid-request.
 */
export function parseScheduleRequest(
  body: PreviewSchedule & { job: ScheduledJob },
  now: number,
): ScheduleRequest {
  const faults = recurrenceFaults(body);
  const ms = (pointer: string, value: number | string | undefined, min: number, max: number) => {
    if (value === undefined) return undefined;
    const parsed = durationMs(value);
    if (parsed < min) faults.push({ pointer, detail: `must be at least ${min} ms` });
    if (parsed > max) faults.push({ pointer, detail: `must be at most ${max} ms` });
    return parsed;
  };
  const time = (pointer: string, text: string | undefined, last: number, lastText: string) => {
    if (text === undefined) return undefined;
    const at = timeMs(text);
    if (!(at >= 0 && at <= last)) faults.push({ pointer, detail: `must be a time from 1970 to ${lastText}` });
    return at;
  };
  const startAt = time('/startAt', body.startAt, now + MAX_START_MS, '100 years from now');
  const endAt = time('/endAt', body.endAt, MAX_TIME_MS, '9999');
  if (startAt !== undefined && endAt !== undefined && endAt < startAt) {
    faults.push({ pointer: '/endAt', detail: 'must not be before startAt' });
  }
  const window = ms('/window', body.window, 0, MAX_WINDOW_MS);
  const request: ScheduleRequest = {
    ...(body.cron === undefined
      ? { every: ms('/every', body.every, MIN_EVERY_MS, MAX_DURATION_MS) ?? MAX_DURATION_MS }
      : { cron: body.cron, timeZone: body.timeZone ?? DEFAULT_TIME_ZONE }),
    misfire: body.misfire ?? 'one',
    overlap: body.overlap ?? 'allow',
    ...(startAt === undefined ? {} : { startAt }),
    ...(endAt === undefined ? {} : { endAt }),
    ...(body.maxRuns === undefined ? {} : { maxRuns: body.maxRuns }),
    ...(window === undefined || window === 0 ? {} : { window }),
    job: { ...body.job, queue: body.job.queue ?? DEFAULT_QUEUE },
  };
  if (faults.length > 0) throw invalidRequest(faults);
  return request;
}

function recurrenceFaults({ cron, every, timeZone }: PreviewSchedule): Fault[] {
  const faults: Fault[] = [];
  const fault = (pointer: string, detail: string) => faults.push({ pointer, detail });
  if (cron === undefined) {
    if (every === undefined) fault('/cron', 'is required, unless every is given');
    if (timeZone !== undefined) fault('/timeZone', 'is allowed only with cron');
    return faults;
  }
  if (every !== undefined) fault('/every', 'is not allowed together with cron; give one of them');
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    fault('/timeZone', 'is not a known time zone; give an IANA name such as "Europe/Berlin"');
  }
  const reason = cronFault(cron);
  if (reason !== undefined) fault('/cron', `is not a cron pattern: ${reason}`);
  else if (!hasAnySlot(cron)) fault('/cron', 'never happens: none of its months has such a day');
  return faults;
}

/** Checks the job as a submit does, with pointers into the schedule. @throws {AppError} as `admitJob`. */
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

/** The first slot after a time. @throws {AppError} invalid-request when there is none. */
export function firstSlot(definition: ScheduleRequest & { createdAt: number }, after: number): number {
  const slot = nextSlot(timetableOf(definition), after);
  if (slot !== undefined) return slot;
  const detail = 'leaves no time to fire: the schedule has no slot between now, or startAt, and endAt';
  throw invalidRequest([{ pointer: '/endAt', detail }]);
}
