import { DEFAULT_TIME_ZONE } from '../schemas/schedule.ts';
import { compileSchema } from '../schemas/validation/compile.ts';
import type { StoredSchedule } from './scripts/schedules.ts';
import { ScheduleDefinition, ScheduleState } from './stored.ts';
import type { Timetable } from './timetable/fire-times.ts';
import { fireAt } from './timetable/plan.ts';

/** A schedule that was read. */
export interface ReadSchedule {
  id: string;
  definition: ScheduleDefinition;
  state: ScheduleState;
  /** The state as it stands in Redis: what a writer must have seen. */
  stateText: string;
}

const definitionSchema = compileSchema(ScheduleDefinition, { isOurs: true });
const stateSchema = compileSchema(ScheduleState, { isOurs: true });

function checked<T>(schema: typeof stateSchema, text: string): T | undefined {
  if (!schema.ok) throw new Error(schema.reason);
  try {
    const value: unknown = JSON.parse(text);
    return schema.check(value).length === 0 ? (value as T) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The schedule, or undefined when that is none: anybody may write into Redis. */
export function decodeSchedule({ id, definition, state }: StoredSchedule): ReadSchedule | undefined {
  const decoded = {
    definition: checked<ScheduleDefinition>(definitionSchema, definition),
    state: checked<ScheduleState>(stateSchema, state),
  };
  if (decoded.definition === undefined || decoded.state === undefined) return undefined;
  return { id, definition: decoded.definition, state: decoded.state, stateText: state };
}

/** Whether the state as it stands in Redis is that of a schedule that is being written to its queue. */
export const isDraft = (stateText: string): boolean =>
  checked<ScheduleState>(stateSchema, stateText)?.from !== undefined;

type Timing = Pick<ScheduleDefinition, 'cron' | 'timeZone' | 'every' | 'startAt' | 'endAt' | 'createdAt'>;

/** When the schedule has slots. */
export function timetableOf({ cron, timeZone, every, startAt, endAt, createdAt }: Timing): Timetable {
  const rhythm =
    cron === undefined
      ? { everyMs: every ?? Number.POSITIVE_INFINITY, anchor: startAt ?? createdAt }
      : { cron, timeZone: timeZone ?? DEFAULT_TIME_ZONE };
  return { rhythm, startAt, endAt };
}

/** When the slot is fired, Unix ms; undefined when there is none. */
export const timeOf = (id: string, definition: ScheduleDefinition, slot: number | undefined) =>
  slot === undefined ? undefined : fireAt(timetableOf(definition), { id, windowMs: definition.window }, slot);

/** The label of a job that tells its slot. */
export const labelOf = (id: string, slot: number): string => `${id}/${new Date(slot).toISOString()}`;
