import { expect, it } from 'vitest';
import { staleError } from '../../src/leases/stale-lease.ts';
import { parseJobId } from '../../src/redis/job-id.ts';
import { newQueue } from '../helpers/leases/http-worker.ts';
import { useLeaseQueues } from '../helpers/leases/lease-queues.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);
const COMMIT = { lease: 'some.lease', move: 'completed' };

it('tells the status of a job that the lease does not hold', async () => {
  const id = await queues.submit(newQueue());
  expect(await staleError(queues.core, id, COMMIT)).toMatchObject({
    code: 'stale-lease',
    extensions: { jobStatus: 'queued' },
  });
});

it('has no status for a job whose result has expired', async () => {
  const queue = newQueue();
  const id = await queues.submit(queue);
  const { normal } = queues.core.keySpace.queue(queue).stream;
  await redis.client.xdel(normal, parseJobId(id)?.ref.entryId ?? '');
  const error = await staleError(queues.core, id, COMMIT);
  expect(error).toMatchObject({ code: 'stale-lease' });
  expect(error.extensions).not.toHaveProperty('jobStatus');
});

it('is job-not-found for a job that never was', async () => {
  expect((await staleError(queues.core, `${newQueue()}~n1-0`, COMMIT)).code).toBe('job-not-found');
});
