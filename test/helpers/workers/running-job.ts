import { encodeEntry, parseEntry } from '../../../src/redis/entry.ts';
import type { EntryOptions } from '../../../src/redis/entry-options.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { RunningJob } from '../../../workers/run/running-job.ts';

interface JobOptions {
  queue?: string;
  entryId?: string;
  takenAt?: number;
  attempt?: number;
  options?: EntryOptions;
  /** JSON text. */
  payload?: string | undefined;
}

const keysOf = new Map<string, ReturnType<typeof queueKeys>>();

/** A delivered job of the task `echo`, as if a take had returned it. */
export function createRunningJob(given: JobOptions = {}): RunningJob {
  const { queue = 'default', entryId = '1-0', takenAt = 0, attempt = 1, options = {} } = given;
  const { payload = '"payload"' } = given;
  const keys = keysOf.get(queue) ?? queueKeys('mr', queue);
  keysOf.set(queue, keys);
  const fields = encodeEntry('echo', payload, options);
  const delivery = {
    keys,
    place: 'normal' as const,
    entryId,
    fields,
    attempt,
    token: attempt,
    begun: false,
    losses: 0,
    takenAt,
    readyAt: 0,
    cancelAsked: false,
  };
  return new RunningJob(delivery, parseEntry(fields));
}
