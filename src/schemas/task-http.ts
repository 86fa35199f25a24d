import { type Static, Type } from 'typebox';
import { Cursor, NextCursor } from './http.ts';
import { TaskOptions } from './task.ts';
import { QueueName, TaskName, Timestamp } from './values/names.ts';

export const TaskParams = Type.Object({ name: QueueName, task: TaskName });

/** What a worker over HTTP says of a task; its name is in the address, and how it is run is its own business. */
export const AnnounceTask = Type.Omit(TaskOptions, ['name', 'thread'], {
  additionalProperties: false,
  examples: [{ input: { type: 'object', required: ['url'] }, attempts: 3 }],
});
export type AnnounceTask = Static<typeof AnnounceTask>;

export const KnownTask = Type.Object(
  {
    queue: QueueName,
    name: TaskName,
    ...AnnounceTask.properties,
    input: Type.Optional(Type.Unknown({ description: 'JSON Schema of the payload.' })),
    output: Type.Optional(Type.Unknown({ description: 'JSON Schema of the result.' })),
    announcedAt: Timestamp,
  },
  {
    description: 'A task as it was announced; durations in milliseconds.',
    examples: [{ queue: 'img', name: 'resize', attempts: 3, announcedAt: '2026-01-31T12:00:00.000Z' }],
  },
);
export type KnownTask = Static<typeof KnownTask>;

export const TaskListQuery = Type.Object(
  {
    queue: Type.Optional(QueueName),
    cursor: Cursor,
  },
  { additionalProperties: false },
);

export const TaskList = Type.Object(
  { items: Type.Array(KnownTask), nextCursor: NextCursor },
  {
    description: 'Tasks that workers have announced in the last day.',
    examples: [
      { items: [{ queue: 'img', name: 'resize', attempts: 3, announcedAt: '2026-01-31T12:00:00.000Z' }] },
    ],
  },
);
