import { expect, it } from 'vitest';
import { Consumer } from '../../../src/lifecycle/consumer.ts';
import { formatJobId } from '../../../src/redis/job-id.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { take } from '../../helpers/workers/moves.ts';
import { usePython } from './python.ts';

const QUEUE = 'busy';
const NAP_S = 0.05;
/** Lasts for longer than the test. */
const JOBS = 6_000;
const BATCH = 1_000;

const redis = useRedis();
const api = useApi(redis);
const python = usePython(() => api.origin);

async function submitAll(): Promise<void> {
  const job = { task: 'nap', queue: QUEUE, payload: { args: [NAP_S], kwargs: {} } };
  const jobs = Array.from({ length: BATCH }, () => job);
  for (let sent = 0; sent < JOBS; sent += BATCH)
    await api.http.post('/jobs/batch').send({ jobs }).expect(207);
}

it('a worker that is busy without a pause lets a job run again whose end Redis has lost', async () => {
  python.write(
    'busy.py',
    `
import time
from millrace import TaskQueue

queue = TaskQueue('${QUEUE}')

@queue.task
def nap(seconds):
    time.sleep(seconds)
`,
  );
  await submitAll();
  const worker = await python.work('busy:queue', '--lease', '1', '--concurrency', '1');
  const keys = queueKeys('mr', QUEUE);
  // Redis has a job as one of the lease, and the worker does not: so it is when Redis lost its end.
  const job = await until(async () => {
    const [lease = ''] = await redis.client.zrange(keys.leases, '0', '0');
    const taken = await take(new Consumer(lease, redis.client), keys, { count: 1 });
    return taken.kind === 'taken' && taken.deliveries[0];
  }, 'a job that the worker does not know');
  const id = formatJobId(QUEUE, job);
  await until(async () => (await api.get(id)).status === 'completed', 'the end of the job');
  const { body } = await api.http.get(`/queues/${QUEUE}`).expect(200);
  expect(body.counts.queued).toBeGreaterThan(0);
  await worker.stop();
});
