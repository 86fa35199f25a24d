import { maxAttempts } from '../../redis/entry-options.ts';
import { formatJobId, type Ref } from '../../redis/job-id.ts';
import type { Job } from '../../schemas/job.ts';
import { newJobText, viewNewJob } from '../new-job.ts';
import { revisionOf, revisionOfNew } from '../revision.ts';
import type { AdmittedJob } from './admission.ts';
import type { AcceptedJob, SubmitOutcome } from './outcomes.ts';

/** The job of an entry that was stored a moment ago. */
export const viewStored = (admitted: AdmittedJob, ref: Ref): Job =>
  viewNewJob(admitted.entry.keys.queue, ref, admitted, admitted.tasks.defaults(admitted.entry.task));

/** As `viewStored`, as JSON text with its id and revision. */
export function toAcceptedJob(admitted: AdmittedJob, ref: Ref): AcceptedJob {
  const { entry, tasks } = admitted;
  const defaults = tasks.defaults(entry.task);
  const { queue } = entry.keys;
  const id = formatJobId(queue, ref);
  return {
    id,
    text: newJobText({ id, queue, ref }, admitted, defaults),
    revision:
      ref.place === 'parked'
        ? revisionOf(viewStored(admitted, ref))
        : revisionOfNew(maxAttempts(entry.options, defaults)),
  };
}

export const toOutcome = ({ entry }: AdmittedJob, ref: Ref): SubmitOutcome => ({
  ok: true,
  id: formatJobId(entry.keys.queue, ref),
});
