import { type Static, Type } from 'typebox';
import { MAX_KEY_LENGTH, WithPayload } from '../http.ts';
import { queueName, StatusFilter, TaskName } from '../values/names.ts';
import { Cursor, Limit } from '../values/page.ts';
import { TagQuery } from '../values/tags.ts';

const time = (description: string) =>
  Type.Optional(Type.String({ format: 'date-time', description, examples: ['2026-01-31T12:00:00Z'] }));

/** Members that select jobs otherwise than by their Idempotency-Key. */
export const JOB_FILTERS = ['tag', 'task', 'status', 'from', 'to'] as const;

/** Which jobs to find. */
export const FindJobsQuery = Type.Object(
  {
    tag: Type.Optional(TagQuery),
    queue: Type.Optional(
      queueName(
        'Only jobs of this queue. Default: all that you may read; with `tag`, a search over more than 1,000 queues with tagged jobs is refused. With `idempotencyKey`: the queue to which the key belongs, that of the job, or of the first job of a batch; default "default".',
      ),
    ),
    task: Type.Optional(TaskName),
    status: Type.Optional(StatusFilter),
    from: time('Only jobs submitted at this time or later (RFC 3339).'),
    to: time('Only jobs submitted at this time or earlier (RFC 3339).'),
    idempotencyKey: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2 * MAX_KEY_LENGTH + 2,
        description:
          'The jobs that a submit with this Idempotency-Key has stored, in the order of the request. Excludes `tag`, `task`, `status`, `from` and `to`.',
        examples: ['order-4711'],
      }),
    ),
    limit: Limit,
    cursor: Cursor,
    payload: WithPayload,
  },
  { additionalProperties: false },
);
export type FindJobsQuery = Static<typeof FindJobsQuery>;
