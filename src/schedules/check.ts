import { AppError } from '../errors.ts';
import { DEFAULT_QUEUE } from '../schemas/job.ts';
import type { Fault } from '../schemas/problem.ts';
import {
  DEFAULT_TIME_ZONE,
  MAX_WINDOW_MS,
  MIN_EVERY_MS,
  type PreviewSchedule,
  type ScheduledJob,
} from '../schemas/schedule.ts';
import { durationMs, MAX_DURATION_MS } from '../schemas/values/duration.ts';
import { timetableOf } from './definition.ts';
import type { ScheduleDefinition } from './stored.ts';
import { cronFault, everHappens, isTimeZone, nextSlot } from './timetable/fire-times.ts';

/** What somebody wants, in the form in which it is stored. */
export type ScheduleRequest = Omit<ScheduleDefinition, 'createdAt' | 'updatedAt'>;

/** The last time that has a place in RFC 3339. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export const invalid = (errors: Fault[]): AppError =>
  new AppError('invalid-request', 'Mend the fields listed in errors and send the request again.', { errors });

/**
 * Checks what the schema cannot, but for whether there is a slot in the future.
 *
 * @throws {AppError} invalid-request.
 */
export function scheduleRequestOf(body: PreviewSchedule & { job: ScheduledJob }): ScheduleRequest {
  const faults: Fault[] = [];
  const fault = (pointer: string, detail: string) => faults.push({ pointer, detail });
  const ms = (pointer: string, value: number | string | undefined, min: number, max: number) => {
    if (value === undefined) return undefined;
    const parsed = durationMs(value);
    if (parsed < min) fault(pointer, `must be at least ${min} ms`);
    if (parsed > max) fault(pointer, `must be at most ${max} ms`);
    return parsed;
  };
  const time = (pointer: string, text: string | undefined, last: number, until: string) => {
    if (text === undefined) return undefined;
    const at = Date.parse(text);
    if (!(at >= 0 && at <= last)) fault(pointer, `must be a time from 1970 to ${until}`);
    return at;
  };
  faults.push(...rhythmFaults(body));
  const startAt = time('/startAt', body.startAt, Date.now() + MAX_DURATION_MS, 'ten years from now');
  const endAt = time('/endAt', body.endAt, MAX_TIME_MS, '9999');
  if (startAt !== undefined && endAt !== undefined && endAt < startAt) {
    fault('/endAt', 'must not be before startAt');
  }
  const window = ms('/window', body.window, 0, MAX_WINDOW_MS);
  const wish: ScheduleRequest = {
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
  if (faults.length > 0) throw invalid(faults);
  return wish;
}

function rhythmFaults({ cron, every, timeZone }: PreviewSchedule): Fault[] {
  if (cron === undefined) {
    const faults = [];
    if (every === undefined) faults.push({ pointer: '/cron', detail: 'is required, unless every is given' });
    if (timeZone !== undefined) faults.push({ pointer: '/timeZone', detail: 'is allowed only with cron' });
    return faults;
  }
  const faults = [];
  if (every !== undefined) {
    faults.push({ pointer: '/every', detail: 'is not allowed together with cron; give one of them' });
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    const detail = 'is no time zone that is known here; give an IANA name such as "Europe/Berlin"';
    faults.push({ pointer: '/timeZone', detail });
  }
  const broken = cronFault(cron);
  if (broken !== undefined) faults.push({ pointer: '/cron', detail: `is no cron pattern: ${broken}` });
  else if (!everHappens(cron)) {
    faults.push({ pointer: '/cron', detail: 'never happens: no month that it names has such a day' });
  }
  return faults;
}

/** The first slot after that time. @throws {AppError} invalid-request when there is none. */
export function firstSlot(definition: ScheduleRequest & { createdAt: number }, after: number): number {
  const slot = nextSlot(timetableOf(definition), after);
  if (slot !== undefined) return slot;
  const detail =
    'leaves no time at which the schedule could fire: none lies between now, or startAt, and this';
  throw invalid([{ pointer: '/endAt', detail }]);
}
