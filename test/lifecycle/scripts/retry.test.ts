import { describe, expect, it } from 'vitest';
import { retry } from '../../../src/lifecycle/scripts/retry.ts';
import type { Ref } from '../../../src/redis/job-id.ts';
import { GROUP } from '../../../src/redis/keys.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const failure = (ref: Ref, token = 1) => ({ ref, token, error: `{"message":"no","attempt":${token}}` });
const retryAs = (consumer: string, ref: Ref, token = 1) =>
  retry(redis.client, queue.keys, consumer, failure(ref, token), 0);
const total = async (name: string) => Number((await redis.client.hget(queue.keys.totals, name)) ?? 0);

describe('a retry', () => {
  it('leaves the pending list, and counts attempts in the deliveries', async () => {
    const ref = await queue.submit();
    await queue.takeAs(queue.one);
    await queue.retry(ref, 0);
    expect(await redis.client.xpending(queue.keys.stream.normal, GROUP)).toEqual([0, null, null, null]);
    expect(await queue.placeOf(ref)).toBe('queued');
    await queue.takeAs(queue.two);
    const [row] = (await redis.client.xpending(queue.keys.stream.normal, GROUP, '-', '+', 1)) as [
      [string, string, number, number],
    ];
    // XCLAIM FORCE by itself would start the count at 2 on every claim.
    expect(row.slice(0, 2)).toEqual([ref.entryId, 'two']);
    expect(row[3]).toBe(2);
  });

  it('is made once, however often it is sent', async () => {
    const ref = await queue.submit();
    await queue.takeAs(queue.one);
    expect(await queue.retry(ref, 60_000)).toBe('done');
    expect(await queue.retry(ref, 60_000)).toBe('repeated');
    expect(await total('retried')).toBe(1);
  });

  it('is refused to another consumer, and to an earlier delivery', async () => {
    const ref = await queue.submit();
    await queue.takeAs(queue.one);
    expect(await retryAs('two', ref)).toBe('stale');
    expect(await total('staleCommits')).toBe(1);
    await queue.retry(ref, 0);
    const [second] = await queue.takeAs(queue.one);
    expect(second).toMatchObject({ entryId: ref.entryId, attempt: 2 });
    expect(await retryAs('two', ref, 2)).toBe('stale');
    expect(await retryAs('one', ref, 3)).toBe('stale');
    expect(await retryAs('one', ref, 2)).toBe('done');
  });

  it('keeps the last ten errors', async () => {
    const ref = await queue.submit();
    for (let token = 1; token <= 12; token += 1) {
      await queue.takeAs(queue.one);
      expect(await retryAs('one', ref, token)).toBe('done');
    }
    const lines = (await redis.client.hget(queue.keys.notes, `n${ref.entryId}:e`))?.split('\n') ?? [];
    expect(lines.map((line) => JSON.parse(line).attempt)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('wakes an idle worker only when it is due soon', async () => {
    const [soon, late] = [await queue.submit(), await queue.submit()];
    await queue.takeAs(queue.one);
    await queue.retry(late, 60_000);
    expect(await redis.client.xlen(queue.keys.wake)).toBe(0);
    await queue.retry(soon, 500);
    expect(await redis.client.xlen(queue.keys.wake)).toBe(1);
  });
});
