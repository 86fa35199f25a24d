import type { QueueKeys } from '../../../src/redis/keys.ts';
import type { ServedQueues } from '../../../workers/supervisor/served-queues.ts';

/** The queues of a worker that names them all. */
export const namedQueues = (
  list: readonly QueueKeys[],
): Pick<ServedQueues, 'list' | 'refresh' | 'isNamed'> => ({
  list,
  refresh: async () => undefined,
  isNamed: () => true,
});
