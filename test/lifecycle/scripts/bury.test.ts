import { expect, it } from 'vitest';
import { bury } from '../../../src/lifecycle/scripts/bury.ts';
import type { Ref } from '../../../src/redis/job-id.ts';
import { formatRef } from '../../../src/redis/job-id.ts';
import { MAX_DEAD, useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const total = async (name: string) => Number((await redis.client.hget(queue.keys.totals, name)) ?? 0);

it('fails a job for good, once', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  expect([await queue.bury(ref), await queue.bury(ref)]).toEqual(['done', 'repeated']);
  expect(await total('failed')).toBe(1);
  expect(await queue.placeOf(ref)).toBe('failed');
});

it('is refused to another consumer', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  const failure = { ref, token: 1, error: '{"message":"no"}' };
  expect(await bury(redis.client, queue.keys, 'two', failure, MAX_DEAD)).toBe('stale');
  expect(await total('staleCommits')).toBe(1);
  expect(await queue.placeOf(ref)).toBe('running');
});

it('deletes the oldest dead letters of all places where there are too many', async () => {
  const refs: Ref[] = [];
  for (const place of ['low', 'normal', 'critical', 'high', 'low'] as const) {
    const ref = await queue.submit({}, place);
    await queue.takeAs(queue.one);
    await queue.bury(ref);
    // Scores are milliseconds: these letters are as old as they are listed.
    await redis.client.zadd(queue.keys.dead[place], refs.length, formatRef(ref));
    refs.push(ref);
  }
  expect(await Promise.all(refs.map((ref) => queue.placeOf(ref)))).toEqual([
    'gone',
    'gone',
    'failed',
    'failed',
    'failed',
  ]);
  expect(await total('purged')).toBe(2);
});

it('makes a job due that somebody asked to cancel', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  await redis.client.hset(queue.keys.notes, `${formatRef(ref)}:c`, Date.now());
  expect(await queue.bury(ref)).toBe('done');
  expect(await queue.placeOf(ref)).toBe('queued');
  expect(await redis.client.xlen(queue.keys.wake)).toBe(1);
});
