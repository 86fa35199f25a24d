import { expect, it } from 'vitest';
import { LeaseConsumer } from '../../src/leases/lease-consumer.ts';
import { parseJobId } from '../../src/redis/job-id.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { useApi } from '../helpers/api/server.ts';
import { newQueue, post, take } from '../helpers/leases/http-worker.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

it('reads the jobs of a lease without their payloads, except those that the result keeps', async () => {
  const queue = newQueue();
  const job = { queue, task: 'work', payload: 'x'.repeat(1_000), metadata: { k: '"k":true' } };
  const plain = await api.submit(job);
  const kept = await api.submit({ ...job, keepPayload: true });
  const { lease } = await take(api, { queues: [queue], max: 2 });
  const consumer = new LeaseConsumer(lease.split('~', 1)[0] ?? '', redis.client);
  const keys = queueKeys('mr', queue);
  const refs = [plain, kept].flatMap(({ id }) => parseJobId(id)?.ref ?? []);
  const lengths = (jobs: readonly object[]) =>
    jobs.map((job) => ('fields' in job ? (job.fields as string[])[3]?.length : undefined));
  const states = await consumer.readHeldJobs(keys, refs, 'read');
  expect(lengths(states.map(({ state }) => state))).toEqual([4, 1_002]);
  expect(lengths((await consumer.heartbeat(keys, 30_000, 'all')).jobs)).toEqual([4, 1_002]);
  for (const { id } of [plain, kept]) await post(api, `/jobs/${id}/complete`, { lease });
  expect([(await api.get(plain.id)).payload, (await api.get(kept.id)).payload]).toEqual([
    undefined,
    job.payload,
  ]);
});
