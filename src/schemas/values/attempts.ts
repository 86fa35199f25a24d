import { Type } from 'typebox';

/** How many attempts a job has in all. */
export type AttemptLimit = number | 'unlimited';

/** The most attempts of a job that has a limit. */
export const MAX_ATTEMPTS = 100;

const attemptLimit = (description: string, limits: object) =>
  Type.Unsafe<AttemptLimit>({
    type: ['integer', 'string'],
    minimum: 1,
    ...limits,
    pattern: '^unlimited$',
    description,
    examples: [5, 'unlimited'],
  });

/** As a submitter or a task sets it. */
export const Attempts = attemptLimit(
  'The most attempts in all, the first one included: 1 to 100, or "unlimited". Default: what the task sets, else 5.',
  { maximum: MAX_ATTEMPTS },
);

/** As an answer shows it. */
export const MaxAttempts = attemptLimit('The most attempts in all, or "unlimited".', {});

/** Whether no further attempt may follow this one. */
export const isLastAttempt = (attempt: number, limit: AttemptLimit): boolean =>
  limit !== 'unlimited' && attempt >= limit;

/** The stored form of no limit: earlier releases read only numbers, and give such a job this many attempts. */
const STORED_UNLIMITED = { attempts: MAX_ATTEMPTS, unlimited: true } as const;

type Stored<T> = Omit<T, 'attempts'> & { attempts?: number; unlimited?: true };

/** A task or job as it is stored outside an entry. */
export function storeLimit<T extends { readonly attempts?: AttemptLimit }>({
  attempts,
  ...rest
}: T): Stored<T> {
  if (attempts === undefined) return rest;
  return attempts === 'unlimited' ? { ...rest, ...STORED_UNLIMITED } : { ...rest, attempts };
}

/** What `storeLimit` was called with. */
export function restoreLimit<T extends { readonly attempts?: AttemptLimit; readonly unlimited?: unknown }>(
  stored: T,
): Omit<T, 'unlimited'> {
  const { unlimited, ...rest } = stored;
  return unlimited === true ? { ...rest, attempts: 'unlimited' } : rest;
}
