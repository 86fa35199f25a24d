import fc from 'fast-check';
import { expect } from 'vitest';
import { formatRef, parseJobId, parseRef, type Ref } from '../../../../src/redis/job-id.ts';
import { PRIORITIES } from '../../../../src/schemas/values/names.ts';
import { outcomeOf } from '../compare.ts';
import { isChangeable, type ModelJob, shownStatus } from '../job.ts';
import { someTags } from '../job-options.ts';
import { HOUR_MS, type Real } from '../real.ts';
import { anyIndex, choose, step } from '../step.ts';
import { anyStatus, chooseByStatus } from './outside.ts';

/** The ref of the entry that the job has now. */
async function presentRef({ redis: { client }, keys }: Real, { id }: ModelJob): Promise<Ref> {
  const { ref } = parseJobId(id) ?? {};
  if (ref === undefined) throw new Error(`not a job id: ${id}`);
  return parseRef((await client.hget(keys.changed, formatRef(ref))) ?? formatRef(ref));
}

const changes = fc
  .record(
    {
      payload: fc.integer({ min: 1_000, max: 9_999 }),
      priority: fc.constantFrom(...PRIORITIES),
      tags: someTags,
      when: fc.constantFrom('now' as const, 'in an hour' as const),
    },
    { requiredKeys: [] },
  )
  .filter((asked) => Object.keys(asked).length > 0);

/** A client changes a job: mostly one that waits. */
export const change = step({
  name: 'change',
  args: fc.record({ changes, any: anyStatus, which: anyIndex, waiting: fc.integer({ min: 0, max: 3 }) }),
  possible: (model) => model.jobs.length > 0,
  async act(model, real, { changes: { when, ...asked }, any, which, waiting }) {
    const changeable = model.jobs.filter(isChangeable);
    const job = waiting > 0 && changeable.length > 0 ? choose(changeable, which) : chooseByStatus(model, any);
    const delay = when && { delay: when === 'now' ? 0 : HOUR_MS };
    const answer = await outcomeOf(real.jobChanger.change(job.id, { ...asked, ...delay }, () => true));
    if (job.status === 'gone') expect(answer).toBe('job-gone');
    else if (model.expiredJobs().includes(job)) {
      // The look at it has expired the job.
      model.cancelOrExpire(job, 'expired');
      expect(answer).toBe('job-started');
    } else if (!isChangeable(job)) expect(answer).toBe('job-started');
    else {
      model.change(job, { ...asked, ...(when && { when }), ref: await presentRef(real, job) });
      const { id, priority } = job;
      expect(answer).toMatchObject({ id, priority, status: shownStatus(job.status, job) });
    }
  },
});
