import { type Static, Type } from 'typebox';
import { MAX_KEY_LENGTH, WithPayload } from '../http.ts';
import { queueName } from '../values/names.ts';
import { Cursor, Limit } from '../values/page.ts';

/** Which jobs to find, in whatever status. */
export const FindJobsQuery = Type.Object(
  {
    idempotencyKey: Type.String({
      minLength: 1,
      maxLength: 2 * MAX_KEY_LENGTH + 2,
      description:
        'The jobs that a submit with this Idempotency-Key has stored, in the order of the request.',
      examples: ['order-4711'],
    }),
    queue: Type.Optional(
      queueName(
        'The queue to which the key belongs: that of the job, or of the first job of a batch. Default "default". Ask each queue for the jobs of a long batch over several queues.',
      ),
    ),
    limit: Limit,
    cursor: Cursor,
    payload: WithPayload,
  },
  { additionalProperties: false },
);
export type FindJobsQuery = Static<typeof FindJobsQuery>;
