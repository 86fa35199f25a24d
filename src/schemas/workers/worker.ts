import { type Static, Type } from 'typebox';
import { queueName, timestamp } from '../values/names.ts';
import { Cursor, Limit, Missing, NextCursor } from '../values/page.ts';

export const WORKER_KINDS = ['typescript', 'http'] as const;
export type WorkerKind = (typeof WORKER_KINDS)[number];

export const WorkerParams = Type.Object({
  name: Type.String({
    maxLength: 255,
    description: 'The name of a worker, or of one of its leases as `worker` of a job shows it.',
    examples: ['host-1.4711.9f86d081ab'],
  }),
});

export const WorkerListQuery = Type.Object(
  {
    queue: Type.Optional(queueName('Only workers of this queue. Default: all.')),
    limit: Limit,
    cursor: Cursor,
  },
  { additionalProperties: false },
);

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const Worker = Type.Object(
  {
    name: Type.String({
      description:
        'The name of the worker: of a program of TypeScript workers, or `worker` of `POST /leases`. HTTP workers without a name are shown as one, `http`.',
    }),
    kind: Type.Unsafe<WorkerKind>({
      type: 'string',
      enum: [...WORKER_KINDS],
      description: '`typescript`: a program with its processes. `http`: all that take jobs under this name.',
    }),
    queues: Type.Array(Type.String(), {
      description:
        'The queues that it serves and that you may read, in its order; `*` in a name stands for any characters.',
    }),
    tasks: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'The tasks that it runs, at most 256. Absent: every task, or the worker also serves queues that you may not read.',
      }),
    ),
    host: Type.Optional(Type.String({ description: 'The host of the worker.' })),
    pid: Type.Optional(Type.Integer({ description: 'The process id of the worker.' })),
    release: Type.Optional(Type.String({ description: 'The version of Millrace that the worker runs.' })),
    startedAt: timestamp('When the worker started; over HTTP: when it was first seen.'),
    lastSeenAt: timestamp('When the worker last reported.'),
    expiresAt: timestamp('When the worker is forgotten unless it reports again.'),
    running: count('Jobs that the worker runs, in these queues.'),
    processes: Type.Optional(count('Processes that run jobs.')),
    concurrency: Type.Optional(count('The most jobs that it runs at a time.')),
    leases: Type.Array(Type.String(), {
      description: 'The leases of the worker, as `worker` of its jobs shows them, at most 256.',
    }),
    draining: Type.Boolean({ description: 'Whether it takes no more jobs.' }),
  },
  {
    description: 'A worker that has reported lately.',
    examples: [
      {
        name: 'host-1.4700.5e884898da',
        kind: 'typescript',
        queues: ['default', 'img-*'],
        tasks: ['fib'],
        host: 'host-1',
        pid: 4700,
        release: '1.0.0',
        startedAt: '2026-01-31T12:00:00.000Z',
        lastSeenAt: '2026-01-31T12:10:00.000Z',
        expiresAt: '2026-01-31T12:11:00.000Z',
        running: 1,
        processes: 1,
        concurrency: 10,
        leases: ['host-1.4711.9f86d081ab'],
        draining: false,
      },
    ],
  },
);
export type Worker = Static<typeof Worker>;

export const WorkerList = Type.Object(
  {
    items: Type.Array(Worker, { description: 'The workers of this page.' }),
    nextCursor: NextCursor,
    missing: Missing,
  },
  { description: 'A page of workers, ordered by name.', examples: [{ items: [] }] },
);
export type WorkerList = Static<typeof WorkerList>;
