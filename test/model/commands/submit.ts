import fc from 'fast-check';
import { expect } from 'vitest';
import type { BatchOutcome, Candidate } from '../../../src/queue/submit.ts';
import { parseJobId } from '../../../src/redis/entry.ts';
import { DEFAULT_ATTEMPTS, DEFAULT_PRIORITY, type SubmitJob } from '../../../src/schemas/job.ts';
import { PRIORITIES, type Priority } from '../../../src/schemas/names.ts';
import type { ModelJob } from '../job.ts';
import type { Model } from '../model.ts';
import { HOUR_MS, passDelay, type Real } from '../real.ts';
import { step } from '../step.ts';

/** What can be asked of a job; absent members are left out of the request. */
interface Wish {
  priority?: Priority;
  start?: 'no delay' | 'in 1 ms' | 'in the past' | 'in an hour';
  attempts?: number;
  expires?: 'at once' | 'in an hour';
  keepPayload?: boolean;
}

const wish: fc.Arbitrary<Wish> = fc.record(
  {
    priority: fc.constantFrom(...PRIORITIES),
    start: fc.constantFrom('no delay', 'in 1 ms', 'in the past', 'in an hour'),
    attempts: fc.integer({ min: 1, max: 3 }),
    expires: fc.constantFrom('in an hour', 'in an hour', 'at once'),
    keepPayload: fc.boolean(),
  },
  { requiredKeys: [] },
);

const START: Readonly<Record<NonNullable<Wish['start']>, Partial<SubmitJob>>> = {
  'no delay': { delay: 0 },
  'in 1 ms': { delay: 1 },
  'in the past': { runAt: '2020-01-01T00:00:00Z' },
  'in an hour': { delay: HOUR_MS },
};
/** No job may have both. */
const REFUSED: Partial<SubmitJob> = { delay: 1, runAt: '2020-01-01T00:00:00Z' };

function request(queue: string, payload: number, { start, expires, ...asked }: Wish): SubmitJob {
  return {
    task: 'echo',
    queue,
    payload,
    ...asked,
    ...(start && START[start]),
    ...(expires && { expiresIn: expires === 'at once' ? 0 : HOUR_MS }),
  };
}

function modelJob(id: string, payload: number, asked: Wish): ModelJob {
  const { ref } = parseJobId(id) ?? {};
  if (ref === undefined) throw new Error(`not an id: ${id}`);
  const parked = asked.start !== undefined && asked.start !== 'no delay';
  const priority = asked.priority ?? DEFAULT_PRIORITY;
  expect(ref.place).toBe(parked ? 'parked' : priority);
  return {
    id,
    ref,
    priority,
    payload,
    keepPayload: asked.keepPayload ?? false,
    maxAttempts: asked.attempts ?? DEFAULT_ATTEMPTS,
    lapses: asked.expires === 'at once',
    status: parked ? 'scheduled' : 'queued',
    when: asked.start === 'in an hour' ? 'in an hour' : 'now',
    spent: 0,
    base: 0,
    errors: [],
    begun: false,
    losses: 0,
    watched: asked.expires === 'at once',
    progress: undefined,
    cancelAsked: false,
    result: undefined,
    buriedBy: undefined,
    holder: undefined,
    ended: undefined,
  };
}

export const submit = step({
  name: 'submit',
  args: wish,
  async act(model, real, asked) {
    const payload = model.jobs.length;
    const { value: shown } = await real.submitter.submit(request(real.keys.queue, payload, asked));
    const job = modelJob(shown.id, payload, asked);
    model.submit(job);
    if (!job.lapses) expect(await real.inspector.find(shown.id)).toEqual(shown);
    if (asked.start === 'in 1 ms') await passDelay(real);
  },
});

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
