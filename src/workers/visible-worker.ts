import { isPattern, matchesQueue } from '../schemas/values/queue-patterns.ts';
import type { VisibleQueues } from '../schemas/values/visible-queues.ts';
import type { WorkerRecord } from './record.ts';

/**
 * What a client may know of a worker: which of the queues that it serves the client may read, and nothing of the others.
 * Undefined when there are none. Its tasks are those of all its queues, so they are left out unless all may be read.
 *
 * @param existing names of queues, for the patterns of the worker.
 */
export function visibleWorker(
  { queues, tasks }: Pick<WorkerRecord, 'queues' | 'tasks'>,
  visible: VisibleQueues | undefined,
  existing: readonly string[],
): Pick<WorkerRecord, 'queues' | 'tasks'> | undefined {
  if (visible === undefined || queues.every((wanted) => visible.has(wanted))) return { queues, tasks };
  const seen = queues.flatMap((wanted) => {
    if (visible.has(wanted)) return [wanted];
    return isPattern(wanted)
      ? existing.filter((name) => matchesQueue(wanted, name) && visible.has(name))
      : [];
  });
  return seen.length === 0 ? undefined : { queues: [...new Set(seen)], tasks: undefined };
}
