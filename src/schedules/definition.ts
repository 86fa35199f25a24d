import { parseAround } from '../schemas/json/parse-around.ts';
import { DEFAULT_TIME_ZONE, SCHEDULE_TEXTS } from '../schemas/schedule.ts';
import { compileSchema } from '../schemas/validation/compile.ts';
import { restoreLimit } from '../schemas/values/attempts.ts';
import type { StoredSchedule } from './scripts/schedules.ts';
import { ScheduleDefinition, ScheduleState } from './stored.ts';
import type { Timetable } from './timetable/fire-times.ts';
import { fireAt } from './timetable/plan.ts';

/** A stored schedule, decoded. */
export interface DecodedSchedule {
  id: string;
  definition: ScheduleDefinition;
  state: ScheduleState;
  /** The state exactly as Redis holds it. A writer passes it on as the expected state. */
  stateText: string;
}

const definitionSchema = compileSchema(ScheduleDefinition, { isOurs: true });
const stateSchema = compileSchema(ScheduleState, { isOurs: true });

/** The value of a JSON text; undefined when the text does not match the schema. */
function decodeJson<T>(schema: typeof stateSchema, text: string): T | undefined {
  if (!schema.ok) throw new Error(schema.reason);
  const parsed = parseAround(Buffer.from(text), SCHEDULE_TEXTS);
  return parsed !== undefined && schema.check(parsed).length === 0 ? (parsed as T) : undefined;
}

/** Decodes a schedule; undefined when the stored text is not a schedule: other programs can write to Redis. */
export function decodeSchedule({ id, definition, state }: StoredSchedule): DecodedSchedule | undefined {
  const decoded = {
    definition: decodeJson<ScheduleDefinition>(definitionSchema, definition),
    state: decodeJson<ScheduleState>(stateSchema, state),
  };
  if (decoded.definition === undefined || decoded.state === undefined) return undefined;
  const job = restoreLimit(decoded.definition.job);
  return { id, definition: { ...decoded.definition, job }, state: decoded.state, stateText: state };
}

/** Whether a stored state is that of a draft: the schedule is still on its way to this queue. See `move.ts`. */
export const isDraft = (stateText: string): boolean =>
  decodeJson<ScheduleState>(stateSchema, stateText)?.from !== undefined;

type Timing = Pick<ScheduleDefinition, 'cron' | 'timeZone' | 'every' | 'startAt' | 'endAt' | 'createdAt'>;

/** The timetable of a definition. */
export function timetableOf({ cron, timeZone, every, startAt, endAt, createdAt }: Timing): Timetable {
  const recurrence =
    cron === undefined
      ? { everyMs: every ?? Number.POSITIVE_INFINITY, anchor: startAt ?? createdAt }
      : { cron, timeZone: timeZone ?? DEFAULT_TIME_ZONE };
  return { recurrence, startAt, endAt };
}

/** When the slot fires, Unix ms; undefined when there is no slot. */
export const fireTimeOf = (id: string, definition: ScheduleDefinition, slot: number | undefined) =>
  slot === undefined ? undefined : fireAt(timetableOf(definition), { id, windowMs: definition.window }, slot);

/** The label that names a slot in the metadata of its job. */
export const slotLabelOf = (id: string, slot: number): string => `${id}/${new Date(slot).toISOString()}`;
