import { beforeAll } from 'vitest';
import type { Core } from '../../../src/core/core.ts';
import type { NewEntry } from '../../../src/jobs/submit/scripts/submit.ts';
import { submitTogether } from '../../../src/jobs/submit/scripts/submit.ts';
import { LeaseConsumer } from '../../../src/leases/lease-consumer.ts';
import type { Lease } from '../../../src/leases/lease-token.ts';
import { type TakeOptions, takeFromQueues } from '../../../src/leases/take/take-from-queues.ts';
import type { TakenJobs } from '../../../src/leases/take/taken-jobs.ts';
import { Taker } from '../../../src/leases/take/taker.ts';
import { newLeaseName } from '../../../src/lifecycle/consumer-name.ts';
import { formatJobId } from '../../../src/redis/job-id.ts';
import { createTestCore } from '../redis/core.ts';
import type { TestRedis } from '../redis/server.ts';

/** A lease of a minute that takes from these queues. */
export const newLease = (...queues: string[]): Lease => ({
  consumer: newLeaseName('test'),
  leaseMs: 60_000,
  queues,
});

export interface LeaseQueues {
  readonly core: Core;
  readonly taker: Taker;
  consumerOf(lease: Lease): LeaseConsumer;
  /** Submits a job of the task `work`, and returns its id. */
  submit(queue: string, job?: Partial<Omit<NewEntry, 'keys'>>): Promise<string>;
  take(lease: Lease, options?: Partial<TakeOptions>): Promise<TakenJobs>;
  /** Whether any lease holds jobs of the queue. */
  isHeld(queue: string): Promise<boolean>;
}

/** Jobs and leases for the tests of one file, without an API. */
export function useLeaseQueues(redis: TestRedis): LeaseQueues {
  let core: Core;
  let taker: Taker;
  beforeAll(() => {
    core = createTestCore(redis.client);
    taker = new Taker(core);
  });
  return {
    get core() {
      return core;
    },
    get taker() {
      return taker;
    },
    consumerOf: ({ consumer }) => new LeaseConsumer(consumer, redis.client),
    async submit(queue, job = {}) {
      const keys = core.keySpace.queue(queue);
      const entry = { keys, place: 'normal', task: 'work', payload: '1', options: {}, ...job } as const;
      const submitted = await submitTogether(redis.client, [entry]);
      if (submitted.kind !== 'stored') throw new Error(`the submit was answered ${submitted.kind}`);
      return formatJobId(queue, { place: entry.place, entryId: submitted.entryIds[0] ?? '' });
    },
    take: (lease, options = {}) =>
      takeFromQueues(core, taker, lease, { max: 1, tasks: undefined, ...options }),
    isHeld: async (queue) => (await redis.client.exists(core.keySpace.queue(queue).leases)) === 1,
  };
}
