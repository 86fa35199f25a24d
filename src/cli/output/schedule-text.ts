import type { Schedule } from '../../schemas/schedule.ts';
import { inertJson } from './inert.ts';
import type { Detail } from './printer.ts';
import type { Column } from './table.ts';

const timesOf = ({ cron, timeZone, every }: Schedule): string =>
  cron === undefined ? `every ${every} ms` : `${cron}${timeZone === undefined ? '' : ` (${timeZone})`}`;

const stateOf = ({ paused, finished }: Schedule): string =>
  finished ? 'finished' : paused ? 'paused' : 'active';

export const SCHEDULE_COLUMNS: readonly Column<Schedule>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'TIMES', of: timesOf },
  { title: 'TASK', of: ({ job }) => job.task },
  { title: 'STATE', of: stateOf, style: ({ paused }) => (paused ? 'yellow' : undefined) },
  { title: 'NEXT', of: ({ nextAt }) => nextAt },
  { title: 'RUNS', of: ({ runs }) => runs, side: 'right' },
];

/** A schedule, for people. */
export const scheduleDetails = (schedule: Schedule): Detail[] => [
  ['id', schedule.id],
  ['times', timesOf(schedule)],
  ['state', stateOf(schedule), schedule.paused ? 'yellow' : undefined],
  ['next', schedule.nextAt],
  ['job', inertJson(JSON.stringify(schedule.job))],
  ['misfire', schedule.misfire],
  ['overlap', schedule.overlap],
  ['starts', schedule.startAt],
  ['ends', schedule.endAt],
  ['most runs', schedule.maxRuns],
  ['runs', schedule.runs],
  ['missed', schedule.missed],
  ['skipped', schedule.skipped],
  ['last slot', schedule.lastSlot],
  ['last job', schedule.lastJob],
  ['last skip', schedule.lastSkip && `${schedule.lastSkip.slot}: ${schedule.lastSkip.reason}`],
];
