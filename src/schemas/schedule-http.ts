import { type Static, Type } from 'typebox';
import { exampleSchedule, ScheduleId } from './schedule.ts';
import { QUEUE_NAME_PATTERN, timestamp } from './values/names.ts';
import { Cursor, Limit, NextCursor } from './values/page.ts';

const MAX_PREVIEW = 100;

export const ScheduleParams = Type.Object({ id: ScheduleId });

export const ScheduleListQuery = Type.Object(
  {
    queue: Type.Optional(
      Type.String({
        pattern: QUEUE_NAME_PATTERN,
        description: 'Only schedules of this queue. Default: all queues.',
      }),
    ),
    limit: Limit,
    cursor: Cursor,
  },
  { additionalProperties: false },
);
export type ScheduleListQuery = Static<typeof ScheduleListQuery>;

export const SchedulePage = Type.Object(
  {
    items: Type.Array(Type.Ref('Schedule'), { description: 'The schedules of this page.' }),
    nextCursor: NextCursor,
  },
  { description: 'A page of schedules.', examples: [{ items: [exampleSchedule] }] },
);

export const PreviewQuery = Type.Object(
  {
    n: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_PREVIEW,
        description: 'The most times to return. Default 10.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const Preview = Type.Object(
  {
    items: Type.Array(timestamp('A fire time.'), {
      description: 'The next fire times. Fewer than `n` if the schedule ends before.',
    }),
  },
  {
    description: 'The next times at which the schedule submits a job.',
    examples: [{ items: ['2026-02-01T01:30:00.000Z', '2026-02-02T01:30:00.000Z'] }],
  },
);
