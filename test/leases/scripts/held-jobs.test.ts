import { expect, it } from 'vitest';
import { readHeldJobs } from '../../../src/leases/scripts/held-jobs.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { complete } from '../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('says of each job whether the lease holds it, has moved it, or neither', async () => {
  const [held, retried, completed] = [await queue.submit(), await queue.submit(), await queue.submit()];
  await queue.takeAs(queue.one);
  await queue.retry(retried, 60_000);
  const end = { ref: completed, token: 1, status: 'completed', ttlMs: 60_000, tail: ',"t":"echo"}' } as const;
  await complete(queue.one, queue.keys, [end]);
  const refs = [completed, held, retried];
  expect(await readHeldJobs(redis.client, queue.keys, 'one', refs, 'read')).toMatchObject([
    { kind: 'moved', move: 'completed' },
    { kind: 'held', token: 1, attempt: 1, cancelAsked: false, fields: ['t', 'echo', 'p', 'null', 'o', ''] },
    { kind: 'moved', move: 'retry' },
  ]);
});

it('counts jobs that the lease cannot settle as stale, but none that never was', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  const refs = [ref, { place: 'low', entryId: '1-1' } as const];
  const none = [{ kind: 'none' }, { kind: 'none' }];
  expect(await readHeldJobs(redis.client, queue.keys, 'two', refs, 'read')).toEqual(none);
  expect(await redis.client.hget(queue.keys.totals, 'staleCommits')).toBeNull();
  expect(await readHeldJobs(redis.client, queue.keys, 'two', refs, 'settle')).toEqual(none);
  expect(await redis.client.hget(queue.keys.totals, 'staleCommits')).toBe('1');
});

it('reads no result of a job that has ended, only who ended it', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  const tail = `,"t":"echo","r":"${'x'.repeat(100_000)}"}`;
  const end = { ref, token: 1, status: 'completed', ttlMs: 60_000, tail } as const;
  await complete(queue.one, queue.keys, [end]);
  await redis.client.config('RESETSTAT');
  const [state] = await readHeldJobs(redis.client, queue.keys, 'one', [ref], 'settle');
  expect(state).toEqual({ kind: 'moved', move: 'completed' });
  expect(await complete(queue.one, queue.keys, [end])).toEqual(['repeated']);
  expect(await redis.client.info('commandstats')).not.toMatch(/cmdstat_get:/);
});
