import { LeaseConsumer } from '../../../../src/leases/lease-consumer.ts';
import { HEARTBEAT_START, type HeartbeatPosition } from '../../../../src/leases/scripts/heartbeat.ts';
import { Consumer } from '../../../../src/lifecycle/consumer.ts';
import { newLeaseName } from '../../../../src/lifecycle/consumer-name.ts';
import { extendLease } from '../../../../src/lifecycle/scripts/extend-lease.ts';
import { recover } from '../../../../src/lifecycle/scripts/recover.ts';
import { take as takeAs } from '../../../helpers/workers/moves.ts';
import type { Site, Stop } from './site.ts';

const HELD = 5_000;

/** An HTTP lease that holds many jobs, from many takes. */
async function holdMany({ keys }: Site, consumer: LeaseConsumer, count: number): Promise<void> {
  const request = {
    ...{ favouredLane: 0, share: 0, byteBudget: 1_000_000, leaseMs: 600_000, requestDigest: undefined },
    ...{ highestToken: 0, isLeaseActive: true, classes: [], isContinuation: false, count: 200 },
  };
  for (let held = 0; held < count; held += request.count) {
    await consumer.settleAndTake(keys, [], new Map(), Date.now(), request);
  }
}

/** What workers and their recovery do. */
export function workerStops(): Stop[] {
  let holder: LeaseConsumer;
  return [
    {
      title: 'a worker takes',
      jobs: 0,
      run: async ({ redis, keys }) => {
        const worker = new Consumer('worker.1.abc', redis);
        await extendLease(redis, keys, 'new', [worker.name], 600_000);
        for (let i = 0; i < 5; i += 1) await takeAs(worker, keys, { count: 200 });
      },
    },
    {
      title: 'a heartbeat checks what a lease holds',
      jobs: HELD,
      prepare: async (site) => {
        holder = new LeaseConsumer(newLeaseName('many'), site.redis);
        await holdMany(site, holder, HELD);
      },
      run: async ({ keys }) => {
        let at: HeartbeatPosition | undefined = HEARTBEAT_START;
        while (at !== undefined) at = (await holder.heartbeat(keys, 600_000, 'all', at)).next;
      },
    },
    {
      title: 'a heartbeat looks for cancels',
      jobs: HELD,
      perCall: 500,
      run: async ({ keys }) => {
        let at: HeartbeatPosition | undefined = HEARTBEAT_START;
        while (at !== undefined) at = (await holder.heartbeat(keys, 600_000, 'cancelled', at)).next;
      },
    },
    {
      title: 'a recovery takes back what a lease holds',
      jobs: HELD,
      run: async ({ redis, keys }) => {
        const givenUp = { consumer: holder.name, lingerMs: 0, how: 'it ended' };
        for (let more = true; more; ) ({ more } = await recover(redis, keys, givenUp));
      },
    },
  ];
}
