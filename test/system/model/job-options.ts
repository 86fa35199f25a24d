import fc from 'fast-check';
import { expect } from 'vitest';
import { parseJobId } from '../../../src/redis/job-id.ts';
import { DEFAULT_ATTEMPTS, DEFAULT_PRIORITY, type SubmitJob } from '../../../src/schemas/job.ts';
import { PRIORITIES, type Priority } from '../../../src/schemas/values/names.ts';
import type { ModelJob } from './job.ts';
import { HOUR_MS } from './real.ts';

/** Options of a submitted job. The request omits absent members. */
export interface JobOptions {
  priority?: Priority;
  start?: 'no delay' | 'in 1 ms' | 'in the past' | 'in an hour';
  attempts?: number;
  expires?: 'at once' | 'in an hour';
  keepPayload?: boolean;
  tags?: string[];
}

/** None, or some, in any order. */
export const someTags = fc.shuffledSubarray(['a', 'b']);

export const jobOptions: fc.Arbitrary<JobOptions> = fc.record(
  {
    priority: fc.constantFrom(...PRIORITIES),
    start: fc.constantFrom('no delay', 'in 1 ms', 'in the past', 'in an hour'),
    attempts: fc.integer({ min: 1, max: 3 }),
    expires: fc.constantFrom('in an hour', 'at once'),
    keepPayload: fc.boolean(),
    tags: someTags,
  },
  { requiredKeys: [] },
);

const START: Readonly<Record<NonNullable<JobOptions['start']>, Partial<SubmitJob>>> = {
  'no delay': { delay: 0 },
  'in 1 ms': { delay: 1 },
  'in the past': { runAt: '2020-01-01T00:00:00Z' },
  'in an hour': { delay: HOUR_MS },
};
/** The API refuses a job with both members. */
export const REFUSED: Partial<SubmitJob> = { delay: 1, runAt: '2020-01-01T00:00:00Z' };

export function request(queue: string, payload: number, { start, expires, ...asked }: JobOptions): SubmitJob {
  return {
    task: 'echo',
    queue,
    payload,
    ...asked,
    ...(start && START[start]),
    ...(expires && { expiresIn: expires === 'at once' ? 0 : HOUR_MS }),
  };
}

export function modelJob(id: string, payload: number, asked: JobOptions): ModelJob {
  const { ref } = parseJobId(id) ?? {};
  if (ref === undefined) throw new Error(`the API returned an invalid job id: ${id}`);
  const parked = asked.start !== undefined && asked.start !== 'no delay';
  const priority = asked.priority ?? DEFAULT_PRIORITY;
  expect(ref.place).toBe(parked ? 'parked' : priority);
  return {
    id,
    ref,
    priority,
    payload,
    keepPayload: asked.keepPayload ?? false,
    tags: asked.tags ?? [],
    maxAttempts: asked.attempts ?? DEFAULT_ATTEMPTS,
    expiresAtOnce: asked.expires === 'at once',
    status: parked ? 'scheduled' : 'queued',
    when: asked.start === 'in an hour' ? 'in an hour' : 'now',
    spent: 0,
    base: 0,
    errors: [],
    begun: false,
    heldAt: undefined,
    losses: 0,
    expirable: asked.expires === 'at once',
    progress: undefined,
    checkpoint: undefined,
    hasLog: false,
    cancelAsked: false,
    result: undefined,
    buriedBy: undefined,
    holder: undefined,
    ended: undefined,
  };
}
