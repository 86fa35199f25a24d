import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Consumer } from '../../../src/lifecycle/consumer.ts';
import { untilWorkerReady } from '../../../src/local/ready.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { parseJobId } from '../../../src/redis/job-id.ts';
import { GROUP, queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { type BuiltProcess, startWorkerProcess } from '../../helpers/workers/built-processes.ts';
import { take } from '../../helpers/workers/moves.ts';
import { TEST_TASKS } from '../../helpers/workers/worker-process.ts';

const QUEUE = 'stale';

const redis = useRedis();
const api = useApi(redis);
const reaper = createOrphanReaper();
let dir: string;
let worker: BuiltProcess;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-stale-'));
  const env = {
    REDIS_URL: redis.url,
    TASKS_DIR: TEST_TASKS,
    QUEUES: QUEUE,
    PROCESSES: '1',
    CONCURRENCY: '1',
  };
  worker = await startWorkerProcess(env, reaper, (limit) => untilWorkerReady(api.origin, [QUEUE], limit));
});
afterAll(async () => {
  await worker.stop();
  reaper.end();
  await rm(dir, { recursive: true, force: true });
});

it.each(['until-file', 'fail-when'])(
  'when Redis lacks the delivery of a job that ends, the end of another job that it lacks is found, too: %s',
  async (task) => {
    const file = join(dir, task);
    const keys = queueKeys('mr', QUEUE);
    const { id } = await api.submit({ queue: QUEUE, task, payload: { file } });
    await until(async () => (await api.get(id)).status === 'running', 'a running job');
    // Redis has a job as one of the worker, and the worker does not: so it is when Redis lost its end.
    const lost = await api.submit({ queue: QUEUE, task: 'echo' });
    const [consumer = ''] = await redis.client.zrange(keys.leases, '0', '0');
    expect(await take(new Consumer(consumer, redis.client), keys, { count: 1 })).toMatchObject({
      deliveries: [{}],
    });
    const { place = 'normal', entryId = '' } = parseJobId(id)?.ref ?? {};
    await redis.client.xack(keys.stream[place], GROUP, entryId);
    await writeFile(file, '');
    expect(await api.finished(lost.id)).toMatchObject({ status: 'completed' });
  },
);
