import type { Caller } from '../../access/caller.ts';
import { forbidden } from '../../access/refusals.ts';
import type { AppError } from '../../errors.ts';
import { DEFAULT_QUEUE } from '../../schemas/job.ts';
import type { RefuseJob } from '../jobs/bulk-candidates.ts';

/** Which jobs of a batch the caller may not submit; undefined if it may submit all. Jobs of one queue share an error. */
export function submitRefusal(caller: Caller): RefuseJob | undefined {
  if (caller.may('submit')) return undefined;
  const errors = new Map<string, AppError>();
  return ({ queue = DEFAULT_QUEUE }) => {
    if (caller.may('submit', queue)) return undefined;
    const error = errors.get(queue) ?? forbidden('submit', [queue]);
    errors.set(queue, error);
    return error;
  };
}
