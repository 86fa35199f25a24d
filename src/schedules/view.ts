import { formatJobId, parseRef } from '../redis/job-id.ts';
import type { Schedule } from '../schemas/schedule.ts';
import { type ReadSchedule, timeOf } from './definition.ts';

const time = <K extends string>(key: K, ms: number | undefined): { [P in K]?: string } =>
  ms === undefined ? {} : ({ [key]: new Date(ms).toISOString() } as { [P in K]?: string });

/** A schedule as the API shows it. */
export function viewSchedule({ id, definition, state }: Omit<ReadSchedule, 'stateText'>): Schedule {
  const { startAt, endAt, createdAt, updatedAt, ...plain } = definition;
  return {
    id,
    ...plain,
    ...time('startAt', startAt),
    ...time('endAt', endAt),
    paused: state.paused === true,
    finished: state.finished === true,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    ...time('nextAt', timeOf(id, definition, state.next)),
    ...time('lastSlot', state.last),
    ...(state.ref === undefined
      ? {}
      : { lastJob: formatJobId(definition.job.queue ?? '', parseRef(state.ref)) }),
    runs: state.runs,
    missed: state.missed,
    skipped: state.skipped,
    ...(state.skip === undefined
      ? {}
      : { lastSkip: { slot: new Date(state.skip.slot).toISOString(), reason: state.skip.reason } }),
  };
}
