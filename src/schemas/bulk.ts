import { type Static, Type } from 'typebox';
import { oneOf, TaskName, WAITING_STATUSES } from './values/names.ts';
import { MAX_CURSOR_LENGTH } from './values/page.ts';
import { TagQuery } from './values/tags.ts';

/** Jobs of one step, and where it begins. */
const step = (jobs: string) => ({
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000,
      description: `The most ${jobs} to check in this step. Default 100.`,
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: MAX_CURSOR_LENGTH,
      description: 'The `nextCursor` of the step before, unchanged. Absent: the first step.',
    }),
  ),
});

/** Which of the next dead letters to act on. */
export const DeadSelection = Type.Object(
  {
    task: Type.Optional(TaskName),
    tag: Type.Optional(TagQuery),
    error: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_000,
        description: 'Only jobs whose last error contains this text in `name: message`. Default: any error.',
      }),
    ),
    ...step('failed jobs'),
  },
  {
    additionalProperties: false,
    description: 'Which failed jobs to select. Absent fields select all.',
    examples: [{ task: 'fib', error: 'timeout' }],
  },
);
export type DeadSelection = Static<typeof DeadSelection>;

/** Which of the next waiting jobs to cancel. */
export const JobSelection = Type.Object(
  {
    status: oneOf(
      [...WAITING_STATUSES, 'failed'],
      'Which jobs: those that wait with this status are cancelled, failed ones are removed. Cancel a running job with POST /jobs/{id}/cancel.',
    ),
    task: Type.Optional(TaskName),
    tag: Type.Optional(TagQuery),
    ...step('jobs'),
  },
  { additionalProperties: false },
);
export type JobSelection = Static<typeof JobSelection>;

export const BulkStep = Type.Object(
  {
    count: Type.Integer({ minimum: 0, description: 'Jobs that this step retried, cancelled or removed.' }),
    nextCursor: Type.Optional(
      Type.String({ description: 'More jobs remain: send it as `cursor`. Absent after the last step.' }),
    ),
  },
  { description: 'The outcome of one step.', examples: [{ count: 42 }] },
);
export type BulkStep = { count: number; nextCursor?: string };
