import { newEntry, withDefaults } from '../jobs/submit/admission.ts';
import type { KeySpace } from '../redis/keyspace.ts';
import { SLOT_LABEL } from '../schemas/schedule.ts';
import type { AnnouncedTasks } from '../tasks/directory.ts';
import { decodeSchedule, fireTimeOf, slotLabelOf, timetableOf } from './definition.ts';
import type { Firing } from './scripts/fire.ts';
import type { StoredSchedule } from './scripts/schedules.ts';
import { plan } from './timetable/plan.ts';

/** Limits of one call of the script, so that each keeps Redis busy for a short time. A single job may be larger. */
const MAX_CHUNK_SLOTS = 200;
const MAX_CHUNK_BYTES = 8_388_608;

/** What to do with a schedule whose next slot is due. */
export interface PlannedFiring {
  schedule: StoredSchedule;
  firing: Firing;
  /** The ref of the job to cancel first. */
  replacedRef: string | undefined;
  /** Bytes of all jobs together, as Redis stores them. */
  bytes: number;
}

/**
 * Plans the firing of a due schedule.
 *
 * @param now Unix ms by the clock of Redis.
 * @param tasks those of the queue: their defaults are fixed now.
 * @throws {Error} when this process cannot fire the schedule.
 */
export function planFiring(
  keySpace: KeySpace,
  schedule: StoredSchedule,
  now: number,
  tasks: Pick<AnnouncedTasks, 'defaults'>,
): PlannedFiring {
  const decoded = decodeSchedule(schedule);
  if (decoded === undefined) throw new Error(`the stored schedule "${schedule.id}" cannot be read`);
  const { id, definition, state, stateText } = decoded;
  const { overlap, maxRuns, job, misfire, window: windowMs } = definition;
  const entry = withDefaults(newEntry(keySpace, job, { wall: () => now }).entry, tasks);
  const jobBytes = Buffer.byteLength(entry.payload) + Buffer.byteLength(JSON.stringify(entry.options));
  const fittingSlots = Math.max(1, Math.floor(MAX_CHUNK_BYTES / jobBytes));
  // With `replace` each job is cancelled before the next is submitted, so one slot at a time.
  const maxSlots = overlap === 'replace' ? 1 : Math.min(MAX_CHUNK_SLOTS, fittingSlots);
  const rule = { id, misfire, windowMs, maxSlots };
  const { slots, missed, next } = plan(timetableOf(definition), rule, state.next ?? now, now);
  const { next: _, ...rest } = state;
  const newState = { ...rest, missed: state.missed + missed, ...(next === undefined ? {} : { next }) };
  const firing = {
    id,
    expected: stateText,
    state: JSON.stringify(newState),
    fireAt: fireTimeOf(id, definition, next),
    skipsOverlap: overlap === 'skip',
    maxRuns,
    job: entry,
    slots: slots.map((slot) => ({
      slot,
      options: { ...entry.options, m: { ...entry.options.m, [SLOT_LABEL]: slotLabelOf(id, slot) } },
    })),
  };
  const replacedRef = overlap === 'replace' && slots.length > 0 ? state.ref : undefined;
  return { schedule, firing, replacedRef, bytes: slots.length * jobBytes };
}

/** Splits the list into chunks within the limits. */
export function toChunks(planned: readonly PlannedFiring[]): PlannedFiring[][] {
  const chunks: PlannedFiring[][] = [];
  let slots = 0;
  let bytes = 0;
  for (const one of planned) {
    slots += one.firing.slots.length;
    bytes += one.bytes;
    // A schedule whose slots are all dropped still needs a chunk: its state must move on.
    if (chunks.length === 0 || slots > MAX_CHUNK_SLOTS || bytes > MAX_CHUNK_BYTES) {
      chunks.push([]);
      slots = one.firing.slots.length;
      bytes = one.bytes;
    }
    chunks.at(-1)?.push(one);
  }
  return chunks;
}
