import { type Static, Type } from 'typebox';
import { TaskName } from './values/names.ts';

/** Which of the next dead letters to act on. */
export const DeadSelection = Type.Object(
  {
    task: Type.Optional(TaskName),
    error: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_000,
        description: 'Only jobs whose last error contains this text in `name: message`. Default: any error.',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: 'The most failed jobs to check in this step. Default 100.',
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        maxLength: 256,
        description: 'The `nextCursor` of the step before, unchanged. Absent: the first step.',
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'Which failed jobs to select. Absent fields select all.',
    examples: [{ task: 'fib', error: 'timeout' }],
  },
);
export type DeadSelection = Static<typeof DeadSelection>;

export const DeadStep = Type.Object(
  {
    count: Type.Integer({ minimum: 0, description: 'Jobs that this step retried or removed.' }),
    nextCursor: Type.Optional(
      Type.String({ description: 'More jobs remain: send it as `cursor`. Absent after the last step.' }),
    ),
  },
  { description: 'The outcome of one step.', examples: [{ count: 42 }] },
);
