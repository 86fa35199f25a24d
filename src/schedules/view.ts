import { optionalTime } from '../jobs/view.ts';
import { formatJobId, parseRef } from '../redis/job-id.ts';
import type { Schedule } from '../schemas/schedule.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { type DecodedSchedule, fireTimeOf } from './definition.ts';
import { skipReason } from './stored.ts';

/** A schedule as the API shows it. */
export function viewSchedule({ id, definition, state }: Omit<DecodedSchedule, 'stateText'>): Schedule {
  const { startAt, endAt, createdAt, updatedAt, ...sameInView } = definition;
  return {
    id,
    ...sameInView,
    ...optionalTime('startAt', startAt),
    ...optionalTime('endAt', endAt),
    paused: state.paused === true,
    finished: state.finished === true,
    createdAt: toTimestamp(createdAt),
    updatedAt: toTimestamp(updatedAt),
    ...optionalTime('nextAt', fireTimeOf(id, definition, state.next)),
    ...optionalTime('lastSlot', state.last),
    ...(state.ref === undefined
      ? {}
      : { lastJob: formatJobId(definition.job.queue ?? '', parseRef(state.ref)) }),
    runs: state.runs,
    missed: state.missed,
    skipped: state.skipped,
    ...(state.skip === undefined
      ? {}
      : { lastSkip: { slot: toTimestamp(state.skip.slot), reason: skipReason(state.skip) } }),
  };
}
