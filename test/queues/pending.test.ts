import { expect, it } from 'vitest';
import { listPending, pendingRows } from '../../src/queues/pending.ts';
import { formatJobId, formatRef } from '../../src/redis/job-id.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { deliver, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('lists running jobs with their workers, at most as many as asked for', async () => {
  const keys = queueKeys('mr', 'q');
  const [high] = await putQueued(redis.client, keys, [1], { place: 'high' });
  const [first, second] = await putQueued(redis.client, keys, [2, 3]);
  if (high === undefined || first === undefined || second === undefined) throw new Error('not stored');
  await deliver(redis.client, keys, 1, { place: 'high', consumer: 'one' });
  await deliver(redis.client, keys, 2, { consumer: 'two' });
  const core = createTestCore(redis.client);
  expect((await listPending(core, keys, 2)).map(({ job: { id, worker } }) => [id, worker])).toEqual([
    [formatJobId('q', high), 'one'],
    [formatJobId('q', first), 'two'],
  ]);
  expect(await listPending(core, keys, 10)).toHaveLength(3);
});

it('counts attempts from the last retry by hand', async () => {
  const keys = queueKeys('mr', 'retried');
  const [ref] = await putQueued(redis.client, keys, [1]);
  if (ref === undefined) throw new Error('not stored');
  await deliver(redis.client, keys, 1);
  await redis.client.xclaim(
    keys.stream.normal,
    'workers',
    'worker',
    0,
    ref.entryId,
    'RETRYCOUNT',
    7,
    'JUSTID',
  );
  await redis.client.hset(keys.notes, `${formatRef(ref)}:n`, 5);
  const [{ job } = { job: undefined }] = await listPending(createTestCore(redis.client), keys, 10);
  expect(job).toMatchObject({ attempt: 2, task: 'echo', queue: 'retried' });
});

it('has no rows while the stream or its group does not exist', async () => {
  expect(await pendingRows(redis.client, 'missing', '-', 10)).toEqual([]);
});
