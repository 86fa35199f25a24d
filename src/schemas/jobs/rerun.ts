import { type Static, Type } from 'typebox';
import { SubmitJob } from '../job.ts';

/** What a rerun changes. */
export const RerunJob = Type.Object(Type.Partial(SubmitJob).properties, {
  additionalProperties: false,
  description:
    'What shall be different in the new job. Absent members are as in the ended job, but `delay` and `runAt`: the new job runs at once.',
  examples: [{ payload: { n: 101 } }],
});
export type RerunJob = Static<typeof RerunJob>;
