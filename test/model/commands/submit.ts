import fc from 'fast-check';
import { expect } from 'vitest';
import type { BatchOutcome, Candidate } from '../../../src/queue/submit.ts';
import type { Model } from '../model.ts';
import { passDelay, type Real } from '../real.ts';
import { step } from '../step.ts';
import { modelJob, REFUSED, request, type Wish, wish } from '../wish.ts';

export async function submitOne(model: Model, real: Real, asked: Wish): Promise<void> {
  const payload = model.jobs.length;
  const { value: shown } = await real.submitter.submit(request(real.keys.queue, payload, asked));
  const job = modelJob(shown.id, payload, asked);
  model.submit(job);
  if (!job.lapses) expect(await real.inspector.find(shown.id)).toEqual(shown);
  if (asked.start === 'in 1 ms') await passDelay(real);
}

export const submit = step({ name: 'submit', args: wish, act: submitOne });

interface Batch {
  jobs: Wish[];
  /** Index of a job that is refused, if there are so many. */
  refused: number;
}

const batch: fc.Arbitrary<Batch> = fc.record({
  jobs: fc.array(wish, { minLength: 1, maxLength: 4 }),
  refused: fc.nat({ max: 7 }),
});

async function submitBatch(
  model: Model,
  real: Real,
  { jobs, refused }: Batch,
  send: (candidates: Candidate[]) => Promise<BatchOutcome[]>,
): Promise<BatchOutcome[]> {
  const first = model.jobs.length;
  const candidates = jobs.map((asked, i): Candidate => {
    const job = { ...request(real.keys.queue, first + i, asked), ...(i === refused ? REFUSED : {}) };
    return { ok: true, job };
  });
  const outcomes = await send(candidates);
  expect(outcomes.map(({ ok }) => ok)).toEqual(jobs.map((_, i) => i !== refused));
  jobs.forEach((asked, i) => {
    const outcome = outcomes[i];
    if (outcome?.ok && outcome.id !== '') model.submit(modelJob(outcome.id, first + i, asked));
  });
  if (jobs.some(({ start }) => start === 'in 1 ms')) await passDelay(real);
  return outcomes;
}

export const submitEach = step({
  name: 'batch',
  args: batch,
  async act(model, real, args) {
    const outcomes = await submitBatch(model, real, args, (jobs) => real.submitter.submitEach(jobs));
    expect(outcomes.filter((one) => one.ok && one.id === '')).toEqual([]);
  },
});

export const submitAll = step({
  name: 'atomic batch',
  args: batch,
  async act(model, real, args) {
    const outcomes = await submitBatch(model, real, args, async (jobs) => {
      const { value } = await real.submitter.submitTogether(jobs, { atomic: true, key: undefined });
      return value;
    });
    const stored = args.refused < args.jobs.length ? 0 : args.jobs.length;
    expect(outcomes.filter((one) => one.ok && one.id !== '')).toHaveLength(stored);
  },
});
