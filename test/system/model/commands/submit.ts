import fc from 'fast-check';
import { expect } from 'vitest';
import type { Candidate, SubmitOutcome } from '../../../../src/jobs/submit/outcomes.ts';
import { outcomeOf } from '../compare.ts';
import { type JobOptions, jobOptions, modelJob, REFUSED, request } from '../job-options.ts';
import type { Model } from '../model.ts';
import { passDelay, type Real } from '../real.ts';
import { step } from '../step.ts';

export async function submitOne(model: Model, real: Real, asked: JobOptions): Promise<void> {
  const payload = model.jobs.length;
  const answer = await outcomeOf(real.submitter.submit(request(real.keys.queue, payload, asked)));
  const fitting = model.expireToFit(1);
  if (fitting === 0 || typeof answer === 'string') {
    expect([fitting, answer]).toEqual([0, 'queue-full']);
    return;
  }
  const { value: shown } = answer;
  const job = modelJob(shown.id, payload, asked);
  model.submit(job);
  if (asked.start === 'in 1 ms') {
    expect(shown.status).toBe('scheduled');
    await passDelay(real);
    shown.status = 'queued';
  }
  if (!job.expiresAtOnce) expect(await real.jobInspector.find(shown.id)).toEqual(shown);
}

export const submit = step({ name: 'submit', args: jobOptions, act: submitOne });

interface Batch {
  jobs: JobOptions[];
  /** Index of the job that the API refuses. A larger index refuses no job. */
  refused: number;
}

const batch: fc.Arbitrary<Batch> = fc.record({
  jobs: fc.array(jobOptions, { minLength: 1, maxLength: 4 }),
  refused: fc.nat({ max: 7 }),
});

async function submitBatch(
  model: Model,
  real: Real,
  { jobs, refused }: Batch,
  send: (candidates: Candidate[]) => Promise<SubmitOutcome[]>,
): Promise<(string | undefined)[]> {
  const first = model.jobs.length;
  const candidates = jobs.map((asked, i): Candidate => {
    const job = { ...request(real.keys.queue, first + i, asked), ...(i === refused ? REFUSED : {}) };
    return { ok: true, job };
  });
  const outcomes = await send(candidates);
  jobs.forEach((asked, i) => {
    const outcome = outcomes[i];
    if (outcome?.ok && outcome.id !== '') model.submit(modelJob(outcome.id, first + i, asked));
  });
  if (jobs.some(({ start }) => start === 'in 1 ms')) await passDelay(real);
  return outcomes.map((outcome) => (outcome.ok ? outcome.id && 'stored' : outcome.error.code));
}

/** The expected outcomes of a batch: the API refuses one job and stores the others. */
const allBut = (stored: string, { jobs, refused }: Batch): string[] =>
  jobs.map((_, i) => (i === refused ? 'invalid-request' : stored));

/** Removes immediate expiry: a full queue would make the outcome of a batch depend on the order of expiry. */
const withoutImmediateExpiry = ({ expires, ...asked }: JobOptions): JobOptions =>
  expires === 'in an hour' ? { ...asked, expires } : asked;

export const submitEach = step({
  name: 'batch',
  args: batch,
  async act(model, real, { jobs, refused }) {
    const valid = jobs.length - (refused < jobs.length ? 1 : 0);
    const args = { refused, jobs: valid > model.freeDepth() ? jobs.map(withoutImmediateExpiry) : jobs };
    const fitting = model.expireToFit(valid);
    const outcomes = await submitBatch(model, real, args, (jobs) => real.submitter.submitEach(jobs));
    // The order of storing is not defined, so any of the valid jobs may fit.
    const expected = allBut('stored', args);
    const regardless = outcomes.map((outcome, i) =>
      outcome === 'queue-full' && expected[i] === 'stored' ? 'stored' : outcome,
    );
    expect(regardless).toEqual(expected);
    expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(fitting);
  },
});

export const submitAll = step({
  name: 'atomic batch',
  args: batch,
  async act(model, real, args) {
    const count = args.jobs.length;
    const isRefused = args.refused < count;
    const isFull = !isRefused && model.expireToFit(count) < count;
    const outcomes = await outcomeOf(
      submitBatch(model, real, args, async (jobs) => {
        const { value } = await real.submitter.submitTogether(jobs, { atomic: true, key: undefined });
        return value;
      }),
    );
    expect(outcomes).toEqual(isFull ? 'queue-full' : allBut(isRefused ? '' : 'stored', args));
  },
});
