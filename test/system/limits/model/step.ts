import fc from 'fast-check';
import { AppError } from '../../../../src/errors.ts';
import type { LimitedQueue } from './queue.ts';

export interface Step {
  readonly run: (queue: LimitedQueue) => Promise<unknown>;
  /** For the report of a sequence that fails. */
  [fc.toStringMethod](): string;
}

/** A step that acts with these arguments. */
export const step = <A>(
  name: string,
  args: fc.Arbitrary<A>,
  act: (queue: LimitedQueue, args: A) => Promise<unknown>,
): fc.Arbitrary<Step> =>
  args.map((chosen) => ({
    run: (queue) => act(queue, chosen),
    [fc.toStringMethod]: () => `${name} ${JSON.stringify(chosen)}`,
  }));

export const anyIndex = fc.nat({ max: 99 });

/** One of the items that exist when the step runs; undefined for none. */
export const choose = <T>(from: readonly T[], which: number): T | undefined =>
  from[which % Math.max(1, from.length)];

/** The value of a call, or the error with which the API refuses it. */
export const outcomeOf = <T>(call: Promise<T>): Promise<T | AppError> =>
  call.catch((error: unknown) => {
    if (error instanceof AppError) return error;
    throw error;
  });
