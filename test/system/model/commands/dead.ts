import fc from 'fast-check';
import { expect } from 'vitest';
import type { BulkStep, DeadSelection } from '../../../../src/schemas/bulk.ts';
import type { ModelJob } from '../job.ts';
import type { Model } from '../model.ts';
import { passDelay } from '../real.ts';
import { step } from '../step.ts';

/** Selects dead letters by error. Each step reads at most `limit` of them. */
const args = fc.record({
  error: fc.constantFrom(undefined, undefined, 'Error: it failed', 'worker-lost: '),
  limit: fc.integer({ min: 1, max: 3 }),
});

const hasDeadLetters = (model: Readonly<Model>) => model.dead.length > 0;

const selected = ({ dead }: Model, error: string | undefined): ModelJob[] =>
  dead.filter(({ errors }) => error === undefined || error.startsWith(`${errors.at(-1)?.name}: `));

/** Runs steps until the cursor ends. Returns how many jobs they moved. */
export async function allSteps(
  next: (cursor: Pick<DeadSelection, 'cursor'>) => Promise<BulkStep>,
): Promise<number> {
  let moved = 0;
  for (let cursor: Pick<DeadSelection, 'cursor'> | undefined = {}; cursor !== undefined; ) {
    const { count, nextCursor }: BulkStep = await next(cursor);
    moved += count;
    cursor = nextCursor === undefined ? undefined : { cursor: nextCursor };
  }
  return moved;
}

export const deadLetters = [
  step({
    name: 'retry dead letters',
    args,
    possible: hasDeadLetters,
    async act(model, real, { error, limit }) {
      const { queueOperator, keys } = real;
      // The operation skips jobs that were buried in or after the millisecond of its start.
      await passDelay(real);
      const jobs = selected(model, error);
      for (const job of jobs) model.requeue(job);
      const selection = { limit, ...(error !== undefined && { error }) };
      const moved = await allSteps((cursor) =>
        queueOperator.retryDead(keys.queue, { ...selection, ...cursor }),
      );
      expect(moved).toBe(jobs.length);
    },
  }),
  step({
    name: 'purge dead letters',
    args,
    possible: hasDeadLetters,
    async act(model, real, { error, limit }) {
      const { queueOperator, keys } = real;
      // The operation skips jobs that were buried in or after the millisecond of its start.
      await passDelay(real);
      const jobs = selected(model, error);
      for (const job of jobs) model.remove(job);
      const selection = { limit, ...(error !== undefined && { error }) };
      const moved = await allSteps((cursor) =>
        queueOperator.purgeDead(keys.queue, { ...selection, ...cursor }),
      );
      expect(moved).toBe(jobs.length);
    },
  }),
];
