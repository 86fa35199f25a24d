import { type Static, Type } from 'typebox';
import { SubmitJob } from '../job.ts';

const CHANGEABLE = [
  'payload',
  'priority',
  'delay',
  'runAt',
  'attempts',
  'timeout',
  'expiresIn',
  'metadata',
  'tags',
] as const;

/** What can be changed in a job that waits. */
export const ChangeJob = Type.Object(Type.Pick(SubmitJob, [...CHANGEABLE]).properties, {
  additionalProperties: false,
  description:
    'What to change; absent members stay. `delay` and `expiresIn` count from the change: with `delay: 0` the job runs now. `metadata` and `tags` are replaced as a whole.',
  examples: [{ priority: 'high', delay: 0 }],
});
export type ChangeJob = Static<typeof ChangeJob>;

export const ChangeHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      description:
        'The ETag of an earlier response. If the job has changed since, the service answers 412 and changes nothing.',
      maxLength: 512,
    }),
  ),
});
