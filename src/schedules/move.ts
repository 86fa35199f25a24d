import type { ReadSchedule } from './definition.ts';
import { busy, type Location, type Look, MOST_TRIES, newVersion, type ScheduleStore } from './store.ts';

/**
 * How a schedule comes into a queue: index, old queue and new queue lie apart, and a process may die between any two
 * steps.
 *
 * 1. a draft is written to the new queue: a state with `from`, that nobody fires;
 * 2. the index is pointed to it: from here on it counts;
 * 3. the schedule is removed from the old queue, if it is as it was read;
 * 4. the draft becomes the schedule.
 *
 * So it is in one place at least, and can be fired in one at most. A draft that the index does not know counts for nothing.
 */

/** A schedule where the index says that it is. */
export type Place = Look & { location: Location };

/**
 * Where the schedule is, once moves that were begun are ended; undefined when the index does not know it. To be called
 * alone.
 *
 * @throws {AppError} schedule-busy.
 */
export async function settledPlace(store: ScheduleStore, id: string): Promise<Place | undefined> {
  for (let i = 0; i < MOST_TRIES; i += 1) {
    const location = await store.locate(id);
    if (location === undefined) return undefined;
    const look = await store.look(id, location.queue);
    const { known } = look;
    if (known?.state.from === undefined) return { ...look, location };
    await endMove(store, known, { ...look, location });
  }
  throw busy(id);
}

async function endMove(store: ScheduleStore, draft: ReadSchedule, { keys, location }: Place): Promise<void> {
  const { id } = draft;
  const { from = keys.queue, ...state } = draft.state;
  const old = from === keys.queue ? undefined : await store.look(id, from);
  if (old?.stored === undefined) await store.change(keys, draft, state);
  else if (old.known === undefined) await store.remove(old.keys, old.stored);
  else {
    // It has never left, and may have been fired since. A new mark first: whoever began the move, and sleeps, must not
    // remove it when he wakes.
    const stays = await store.change(old.keys, old.known, { ...old.known.state, v: newVersion() });
    if (stays && (await store.point(id, location, { queue: from, mark: newVersion() }))) {
      await store.remove(keys, { ...draft, definition: '', state: draft.stateText });
    }
  }
}

/**
 * Puts the schedule into a queue. To be called alone.
 *
 * @param old what was read of it, by `settled` if the index knows it.
 * @returns false when somebody has changed it since.
 */
export async function placeSchedule(
  store: ScheduleStore,
  made: Omit<ReadSchedule, 'stateText'>,
  location: Location,
  old: Look & { location?: Location },
): Promise<boolean> {
  const { id, definition, state } = made;
  const keys = store.keySpace.queue(location.queue);
  await store.announce(location.queue);
  const isHere = old.keys.queue === location.queue;
  if (isHere && old.location !== undefined && old.stored !== undefined) {
    return store.write(keys, made, old.stored.state);
  }
  const from = old.stored === undefined ? location.queue : old.keys.queue;
  const draft = { ...state, from };
  const there = isHere ? old : await store.look(id, location.queue);
  if (!(await store.write(keys, { id, definition, state: draft }, there.stored?.state))) return false;
  // Again: as long as it was empty, the queue may have been dismissed.
  await store.announce(location.queue);
  if (!(await store.point(id, old.location, location))) return false;
  if (!isHere && old.stored !== undefined && !(await store.remove(old.keys, old.stored))) return false;
  return store.change(keys, { id, definition, state: draft, stateText: JSON.stringify(draft) }, state);
}
