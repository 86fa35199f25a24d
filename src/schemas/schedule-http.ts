import { type Static, Type } from 'typebox';
import { Cursor, Limit, NextCursor } from './http.ts';
import { exampleSchedule, ScheduleId } from './schedule.ts';
import { QUEUE_NAME_PATTERN, Timestamp } from './values/names.ts';

const MAX_PREVIEW = 100;

export const ScheduleParams = Type.Object({ id: ScheduleId });

export const ScheduleListQuery = Type.Object(
  {
    queue: Type.Optional(
      Type.String({ pattern: QUEUE_NAME_PATTERN, description: 'Only those of this queue.' }),
    ),
    limit: Limit,
    cursor: Cursor,
  },
  { additionalProperties: false },
);
export type ScheduleListQuery = Static<typeof ScheduleListQuery>;

export const SchedulePage = Type.Object(
  {
    items: Type.Array(Type.Ref('Schedule')),
    nextCursor: NextCursor,
  },
  { description: 'A page of schedules.', examples: [{ items: [exampleSchedule] }] },
);

export const PreviewQuery = Type.Object(
  {
    n: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_PREVIEW, description: 'How many. Default 10.' }),
    ),
  },
  { additionalProperties: false },
);

export const Preview = Type.Object(
  { items: Type.Array(Timestamp, { description: 'Fewer than asked for when it ends.' }) },
  {
    description: 'The next times at which jobs are submitted.',
    examples: [{ items: ['2026-02-01T01:30:00.000Z', '2026-02-02T01:30:00.000Z'] }],
  },
);
