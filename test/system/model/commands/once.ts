import fc from 'fast-check';
import { expect } from 'vitest';
import type { SubmitResult } from '../../../../src/jobs/submit/outcomes.ts';
import type { Job } from '../../../../src/schemas/job.ts';
import { outcomeOf } from '../compare.ts';
import { shownStatus } from '../job.ts';
import { type JobOptions, jobOptions, modelJob, request } from '../job-options.ts';
import type { Model } from '../model.ts';
import { passDelay, type Real } from '../real.ts';
import { step } from '../step.ts';

type Answer = SubmitResult<Job> | string;

const isNew = (answer: Answer) => typeof answer !== 'string' && !answer.replayed;

const send = (real: Real, key: number, payload: number, asked: JobOptions): Promise<Answer> =>
  outcomeOf(real.submitter.submit(request(real.keys.queue, payload, asked), `key-${key}`));

/** A replay stores nothing. It answers with the current state of the earlier job, or `job-gone`. */
function expectReplay(model: Model, key: number, answer: Answer): void {
  const { job } = model.once.get(key) ?? {};
  if (job === undefined) throw new Error('the model has no job for this key');
  if (model.expiredJobs().includes(job)) model.cancelOrExpire(job, 'expired');
  if (job.status === 'gone') expect(answer).toBe('job-gone');
  else
    expect(answer).toMatchObject({
      replayed: true,
      value: { id: job.id, status: shownStatus(job.status, job) },
    });
}

/** The answer as it was right after the 1 ms of the job, which may not have passed yet. */
function atItsTime(answer: Answer): Answer {
  if (typeof answer === 'string') return answer;
  const { status } = answer.value;
  return { ...answer, value: { ...answer.value, status: status === 'scheduled' ? 'queued' : status } };
}

/** Sends one or two requests at once. The script stores only one job. */
async function sendFirst(model: Model, real: Real, { key, asked, twice, other }: Args): Promise<void> {
  const payloads = [model.jobs.length, model.jobs.length + (other ? 1 : 0)].slice(0, twice ? 2 : 1);
  const answers = await Promise.all(payloads.map((payload) => send(real, key, payload, asked)));
  if (model.expireToFit(1) === 0) {
    expect(answers).toEqual(payloads.map(() => 'queue-full'));
    return;
  }
  const first = answers.findIndex(isNew);
  const answer = answers[first];
  const payload = payloads[first];
  if (answer === undefined || typeof answer === 'string' || payload === undefined) {
    throw new Error(`the API stored no job: ${answers}`);
  }
  const job = modelJob(answer.value.id, payload, asked);
  model.submit(job);
  model.once.set(key, { job, payload, asked });
  for (const second of answers.filter((_, i) => i !== first)) {
    if (other) expect(second).toBe('idempotency-mismatch');
    else expectReplay(model, key, asked.start === 'in 1 ms' ? atItsTime(second) : second);
  }
  if (asked.start === 'in 1 ms') await passDelay(real);
}

interface Args {
  key: number;
  asked: JobOptions;
  /** Whether the first use of the key sends two requests at once. */
  twice: boolean;
  /** Whether the second request has another job. */
  other: boolean;
}

export const submitOnce = step<Args>({
  name: 'submit once',
  args: fc.record({ key: fc.nat({ max: 4 }), asked: jobOptions, twice: fc.boolean(), other: fc.boolean() }),
  async act(model, real, args) {
    const known = model.once.get(args.key);
    if (known === undefined) {
      await sendFirst(model, real, args);
    } else if (args.other) {
      const answer = await send(real, args.key, model.jobs.length, args.asked);
      expect(answer).toBe('idempotency-mismatch');
    } else {
      expectReplay(model, args.key, await send(real, args.key, known.payload, known.asked));
    }
  },
});
