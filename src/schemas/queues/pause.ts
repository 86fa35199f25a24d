import { type Static, Type } from 'typebox';
import { duration } from '../values/duration.ts';

/** When a pause ends by itself. */
export const PauseQueue = Type.Object(
  {
    until: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'The queue resumes by itself at this time (RFC 3339). Excludes `for`.',
        examples: ['2026-01-31T12:00:00Z'],
      }),
    ),
    for: Type.Optional(
      duration('The queue resumes by itself after this long. Excludes `until`.', { min: 1 }),
    ),
  },
  {
    additionalProperties: false,
    description: 'When the pause ends by itself. Absent: it lasts until the queue is resumed.',
    examples: [{ for: '10m' }],
  },
);
export type PauseQueue = Static<typeof PauseQueue>;
