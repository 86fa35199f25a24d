import type { Observer } from '../observer.ts';
import type { Firing } from './scripts/fire.ts';
import { type ScheduleState, skipReason } from './stored.ts';

/**
 * Reports what became of the slots of a schedule. `stateText`: after the firing, '' if another process fired it;
 * `now`: Unix ms of Redis.
 */
export function observeFiring(
  observe: Observer,
  queue: string,
  { id: schedule, expected, job: { task }, slots }: Firing,
  stateText: string,
  now: number,
): void {
  if (stateText === '') return;
  if (!observe.wants('schedule-fired') && !observe.wants('schedule-skipped')) return;
  const before = JSON.parse(expected) as ScheduleState;
  const state = JSON.parse(stateText) as ScheduleState;
  const subject = { queue, task, schedule };
  const jobs = state.runs - before.runs;
  const lateMs = Math.max(0, now - (slots[0]?.slot ?? now));
  if (jobs > 0) observe({ kind: 'schedule-fired', ...subject, jobs, lateMs });
  const skipped = state.skipped - before.skipped;
  if (skipped > 0 && state.skip !== undefined) {
    observe({ kind: 'schedule-skipped', ...subject, slots: skipped, reason: skipReason(state.skip) });
  }
  const missed = state.missed - before.missed;
  if (missed > 0) observe({ kind: 'schedule-skipped', ...subject, slots: missed, reason: 'missed' });
}
