import { expect, it } from 'vitest';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../helpers/api/keys.ts';
import { useApi } from '../helpers/api/server.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import { EXAMPLES, startExample } from '../helpers/workers/example-worker.ts';

const redis = useRedis();
const api = useApi(redis, WITH_KEYS);
const admin = bearer(ADMIN_KEY);

it.concurrent.for(EXAMPLES)('$file works with a key for its queue alone', async (example) => {
  const queue = `keys-${example.language}`;
  const { key } = await makeKey(api.origin, [`work:${queue}`]);
  const worker = await startExample(example, api.origin, {
    QUEUES: queue,
    LEASE_MS: '6000',
    MILLRACE_KEY: key,
  });
  const job = { queue, task: 'upper', payload: { text: 'key' } };
  const { body } = await api.http.post('/jobs').set(admin).send(job).expect(202);
  const ended = await until(async () => {
    const read = await api.http.get(`/jobs/${body.id}?wait=30`).set(admin);
    return read.body.finishedAt !== undefined && read.body;
  }, 'the end of the job');
  expect(ended.result).toEqual({ text: 'KEY' });
  expect(await worker.stop()).toBe(0);
});

it.concurrent.for(EXAMPLES)('$file ends when its key is refused', async (example) => {
  const worker = await startExample(example, api.origin, { QUEUES: 'none', LEASE_MS: '6000' });
  await until(() => worker.process.exitCode !== null, 'the end of the worker');
  expect(worker.process.exitCode).toBe(1);
  expect(worker.stderr).toContain('401');
});
