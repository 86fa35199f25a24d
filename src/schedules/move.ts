import { EVERY_QUEUE, type QueueGuard } from '../core/queue-guard.ts';
import type { DecodedSchedule } from './definition.ts';
import {
  busy,
  type Location,
  MAX_TRIES,
  newVersion,
  type ScheduleRead,
  type ScheduleStore,
} from './store.ts';

/**
 * How a schedule is written to a queue. The index, the old queue and the new queue are separate keys, and a process may
 * die between any two steps.
 *
 * 1. Write a draft to the new queue: a state with `from`, which no process fires.
 * 2. Set the location in the index. From here on the draft counts.
 * 3. Remove the schedule from the old queue, if its state is the one that was read.
 * 4. Turn the draft into the schedule.
 *
 * So at least one queue holds the schedule, and at most one can fire it. A draft counts for nothing while the index does not
 * name its queue.
 */

/** A schedule in the queue that the index names. */
export type LocatedSchedule = ScheduleRead & { location: Location };

/**
 * Reads the schedule from the queue that the index names. First finishes a move that another process left unfinished.
 * Undefined when the index does not have the schedule, or the guard hides its queue. Needs the lock.
 *
 * @throws {AppError} schedule-busy.
 */
export async function readLocated(
  store: ScheduleStore,
  id: string,
  guard: QueueGuard = EVERY_QUEUE,
): Promise<LocatedSchedule | undefined> {
  for (let i = 0; i < MAX_TRIES; i += 1) {
    const location = await store.readLocation(id);
    if (location === undefined || !guard(location.queue)) return undefined;
    const read = await store.read(id, location.queue);
    const { decoded } = read;
    if (decoded?.state.from === undefined) return { ...read, location };
    await finishMove(store, decoded, { ...read, location });
  }
  throw busy(id);
}

async function finishMove(
  store: ScheduleStore,
  draft: DecodedSchedule,
  { keys, location }: LocatedSchedule,
): Promise<void> {
  const { id } = draft;
  const { from = keys.queue, ...state } = draft.state;
  const old = from === keys.queue ? undefined : await store.read(id, from);
  if (old?.stored === undefined) await store.writeState(keys, draft, state);
  else if (old.decoded === undefined) await store.remove(old.keys, old.stored);
  else {
    // The schedule is still in the old queue and may have fired. Bump its version first, so that a stalled mover
    // cannot delete it later.
    const isBumped = await store.writeState(old.keys, old.decoded, { ...old.decoded.state, v: newVersion() });
    if (isBumped && (await store.setLocation(id, location, { queue: from, version: newVersion() }))) {
      await store.remove(keys, { ...draft, definition: '', state: draft.stateText });
    }
  }
}

/**
 * Writes the schedule to the queue of `location`. Needs the lock.
 *
 * @param old what was read before: by `readLocated` if the index has the schedule.
 * @returns false when the schedule has changed since that read.
 */
export async function writeToQueue(
  store: ScheduleStore,
  schedule: Omit<DecodedSchedule, 'stateText'>,
  location: Location,
  old: ScheduleRead & { location?: Location },
): Promise<boolean> {
  const { id, definition, state } = schedule;
  const keys = store.keySpace.queue(location.queue);
  await store.watchQueue(location.queue);
  const isSameQueue = old.keys.queue === location.queue;
  if (isSameQueue && old.location !== undefined && old.stored !== undefined) {
    return store.write(keys, schedule, old.stored.state);
  }
  const from = old.stored === undefined ? location.queue : old.keys.queue;
  const draft = { ...state, from };
  const target = isSameQueue ? old : await store.read(id, location.queue);
  if (!(await store.write(keys, { id, definition, state: draft }, target.stored?.state))) return false;
  // Again: a healer may have stopped watching the queue while it was still empty.
  await store.watchQueue(location.queue);
  if (!(await store.setLocation(id, old.location, location))) return false;
  if (!isSameQueue && old.stored !== undefined && !(await store.remove(old.keys, old.stored))) return false;
  return store.writeState(keys, { id, definition, state: draft, stateText: JSON.stringify(draft) }, state);
}
