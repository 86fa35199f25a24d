import { type Static, Type } from 'typebox';
import {
  Count,
  MAX_WINDOW_MS,
  MIN_EVERY_MS,
  MisfireRule,
  OverlapRule,
  type ScheduledJob,
  SkipReasonSchema,
} from '../schemas/schedule.ts';

/** The state of a schedule, as Redis holds it; times are Unix ms. */
export const ScheduleState = Type.Object({
  /** Version of the definition. It changes with the definition, so that no job of an old definition is submitted. */
  v: Type.String(),
  /** The next slot to fire; absent when paused or finished. */
  next: Type.Optional(Count),
  /** The last slot for which a job was submitted. */
  last: Type.Optional(Count),
  /** The ref of the job of that slot. */
  ref: Type.Optional(Type.String({ pattern: '^[chnlp]\\d{1,20}-\\d{1,20}$' })),
  runs: Count,
  missed: Count,
  skipped: Count,
  /** The last skipped slot. `cause`: the reason, where it is one that an earlier release does not know. */
  skip: Type.Optional(
    Type.Object({ slot: Count, reason: SkipReasonSchema, cause: Type.Optional(SkipReasonSchema) }),
  ),
  /** Only in a draft, which does not fire: the queue that the schedule leaves, or its own when it is new. */
  from: Type.Optional(Type.String()),
  paused: Type.Optional(Type.Literal(true)),
  finished: Type.Optional(Type.Literal(true)),
});
export type ScheduleState = Static<typeof ScheduleState>;

/** Why the last skipped slot has no job. */
export const skipReason = ({ reason, cause }: NonNullable<ScheduleState['skip']>) => cause ?? reason;

/** The definition of a schedule, as Redis holds it; durations are ms, times Unix ms. */
export const ScheduleDefinition = Type.Object({
  cron: Type.Optional(Type.String()),
  timeZone: Type.Optional(Type.String()),
  every: Type.Optional(Type.Integer({ minimum: MIN_EVERY_MS })),
  misfire: MisfireRule,
  overlap: OverlapRule,
  startAt: Type.Optional(Type.Integer()),
  endAt: Type.Optional(Type.Integer()),
  maxRuns: Type.Optional(Type.Integer()),
  window: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_WINDOW_MS })),
  job: Type.Unsafe<ScheduledJob>({ type: 'object', required: ['task', 'queue'] }),
  createdAt: Type.Integer(),
  updatedAt: Type.Integer(),
});
export type ScheduleDefinition = Static<typeof ScheduleDefinition>;
