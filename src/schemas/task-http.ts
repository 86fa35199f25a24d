import { type Static, Type } from 'typebox';
import { TaskOptions } from './task.ts';
import { QueueName, queueName, TaskName, timestamp } from './values/names.ts';
import { Cursor, Missing, NextCursor } from './values/page.ts';

export const TaskParams = Type.Object({ name: QueueName, task: TaskName });

/** What an HTTP worker may set for a task. The path has the task's name; the worker decides how to run it. */
export const AnnounceTask = Type.Omit(TaskOptions, ['name', 'thread'], {
  additionalProperties: false,
  description: 'A task that HTTP workers run. An absent body announces the name alone.',
  examples: [{ input: { type: 'object', required: ['url'] }, attempts: 3 }],
});
export type AnnounceTask = Static<typeof AnnounceTask>;

const release = (description: string) =>
  Type.Optional(Type.String({ pattern: '^[\\w-]{1,64}$', description }));

export const WithdrawQuery = Type.Object(
  {
    release: release(
      'The release to withdraw, as the answer to its announcement names it. Default: all but those of TypeScript workers that run.',
    ),
  },
  { additionalProperties: false },
);

export const AnnouncedTask = Type.Object(
  {
    queue: QueueName,
    name: TaskName,
    ...AnnounceTask.properties,
    input: Type.Optional(
      Type.Unknown({ description: 'The JSON Schema of the payload. Absent: any payload.' }),
    ),
    output: Type.Optional(
      Type.Unknown({ description: 'The JSON Schema of the result. Absent: any result.' }),
    ),
    announcedAt: timestamp('When a worker last announced the task.'),
    release: release('In the answer to an announcement: names it, to withdraw no other.'),
  },
  {
    description: 'An announced task. Durations are in milliseconds.',
    examples: [{ queue: 'img', name: 'resize', attempts: 3, announcedAt: '2026-01-31T12:00:00.000Z' }],
  },
);
export type AnnouncedTask = Static<typeof AnnouncedTask>;

export const TaskListQuery = Type.Object(
  {
    queue: Type.Optional(queueName('Only tasks of this queue. Default: all queues.')),
    cursor: Cursor,
  },
  { additionalProperties: false },
);

export const TaskList = Type.Object(
  {
    items: Type.Array(AnnouncedTask, { description: 'The tasks of this page.' }),
    nextCursor: NextCursor,
    missing: Missing,
  },
  {
    description:
      'The tasks that workers have announced in the last day, each as its newest release announces it.',
    examples: [
      { items: [{ queue: 'img', name: 'resize', attempts: 3, announcedAt: '2026-01-31T12:00:00.000Z' }] },
    ],
  },
);
