import { type Static, Type } from 'typebox';
import { JobId, QueueName, timestamp } from '../values/names.ts';
import { Missing, NextCursor } from '../values/page.ts';

export const PendingJob = Type.Object({
  id: JobId,
  queue: QueueName,
  task: Type.Optional(Type.String({ description: 'The task of the job.' })),
  worker: Type.String({ description: 'The lease that runs the job.' }),
  attempt: Type.Integer({ description: 'The running attempt, counted from 1.' }),
  startedAt: timestamp('When the attempt started.'),
  runningMs: Type.Integer({ minimum: 0, description: 'Milliseconds since the start of the attempt.' }),
});
export type PendingJob = Static<typeof PendingJob>;

export const PendingList = Type.Object(
  {
    items: Type.Array(PendingJob, { description: 'The running jobs, the oldest of each lane first.' }),
    nextCursor: NextCursor,
    missing: Missing,
  },
  {
    description: 'A page of the running jobs and their workers.',
    examples: [
      {
        items: [
          {
            id: 'default~nmfa2k9x0-0',
            queue: 'default',
            task: 'fib',
            worker: 'host-1.4711.9f86d081ab',
            attempt: 1,
            startedAt: '2026-01-31T12:00:00.003Z',
            runningMs: 140,
          },
        ],
      },
    ],
  },
);
export type PendingList = Static<typeof PendingList>;
