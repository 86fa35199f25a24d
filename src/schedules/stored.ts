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

/** How far a schedule has come, as it is stored; times are Unix ms. */
export const ScheduleState = Type.Object({
  /** The mark of who wrote the definition: changes with it, so that no job of an old one is submitted. */
  v: Type.String(),
  /** The slot to be fired next; absent when paused or finished. */
  next: Type.Optional(Count),
  last: Type.Optional(Count),
  /** Of the job of that slot. */
  ref: Type.Optional(Type.String({ pattern: '^[chnl]\\d{1,20}-\\d{1,20}$' })),
  runs: Count,
  missed: Count,
  skipped: Count,
  skip: Type.Optional(Type.Object({ slot: Count, reason: SkipReasonSchema })),
  /** While it is written to its queue: the queue that it leaves, or its own when it leaves none. It is not fired then. */
  from: Type.Optional(Type.String()),
  paused: Type.Optional(Type.Literal(true)),
  finished: Type.Optional(Type.Literal(true)),
});
export type ScheduleState = Static<typeof ScheduleState>;

/** What a schedule is, as it is stored; durations are ms, times Unix ms. */
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
