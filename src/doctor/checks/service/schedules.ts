import type { Schedule } from '../../../schemas/schedule.ts';
import { type Finding, fault, ok } from '../../finding.ts';
import { spokenTime } from './queues.ts';

/** Slots fire within a second; a restart of all workers may take longer. */
const LATE_MS = 60_000;

/** Whether schedules fire. @param now Unix ms */
export function checkSchedules(schedules: readonly Schedule[], now: number): Finding[] {
  if (schedules.length === 0) return [];
  const late = schedules
    .filter(({ paused, finished }) => !paused && !finished)
    .flatMap(({ id, nextAt }) => (nextAt === undefined ? [] : [{ id, ms: now - Date.parse(nextAt) }]))
    .filter(({ ms }) => ms > LATE_MS)
    .sort((one, other) => other.ms - one.ms);
  const [latest] = late;
  if (latest === undefined) return [ok('schedules', `All ${schedules.length} schedules are in time.`)];
  return [
    fault('schedules', {
      what: `${late.length} schedules do not fire. ${latest.id} has been due for ${spokenTime(latest.ms)}.`,
      why: 'Their jobs are not submitted. The API and the workers fire schedules.',
      todo: 'Check that an API or a worker runs with the same REDIS_URL and PREFIX, and look for errors in its log.',
    }),
  ];
}
