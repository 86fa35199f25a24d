import { type Static, Type } from 'typebox';
import { NextCursor } from '../values/page.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });

/** A key with jobs in a queue that limits the jobs of each key, or lets keys take turns. */
export const KeyJobs = Type.Object({
  key: Type.String({ description: 'The `key` of the jobs.' }),
  held: count(
    'Jobs that wait for their key: it runs or starts as many as it may, or others take their turn.',
  ),
  running: count('Jobs that workers run.'),
});
export type KeyJobs = Static<typeof KeyJobs>;

/** The keys with the most jobs. */
export const BusiestKeys = Type.Optional(
  Type.Array(KeyJobs, {
    description:
      'The ten keys with the most jobs, where the queue limits the jobs of each key or lets keys take turns. Of very many held jobs a sample is looked at.',
  }),
);

export const KeyJobsList = Type.Object(
  {
    items: Type.Array(KeyJobs, { description: 'The keys of this page.' }),
    nextCursor: NextCursor,
  },
  {
    description: 'A page of the keys of a queue.',
    examples: [{ items: [{ key: 'customer-17', held: 12, running: 1 }] }],
  },
);
export type KeyJobsList = Static<typeof KeyJobsList>;
