import { describe, expect, it } from 'vitest';
import { lookup } from '../../../src/jobs/scripts/lookup.ts';
import { CANCEL_PATIENCE_MS, cancelOrExpire } from '../../../src/lifecycle/scripts/cancel.ts';
import { recover } from '../../../src/lifecycle/scripts/recover.ts';
import { formatRef, type Ref } from '../../../src/redis/job-id.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { complete } from '../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const cancel = (ref: Ref, mode?: 'enforce') =>
  cancelOrExpire(redis.client, queue.keys, ref, 'cancelled', 60_000, mode);

describe('a running job that was cancelled', () => {
  it('is taken from a worker that has not ended it in time', async () => {
    const { keys, one } = queue;
    const ref = await queue.submit();
    await queue.takeAs(one);
    expect([await cancel(ref), await cancel(ref)]).toEqual(['asked', 'asked']);
    const field = `${formatRef(ref)}:c`;
    const requestedAt = Number(await redis.client.hget(keys.notes, field));
    await redis.client.hset(keys.notes, field, requestedAt - CANCEL_PATIENCE_MS);
    expect([await cancel(ref), await cancel(ref)]).toEqual(['withdrawn', 'finished']);
    const job = { ref, token: 1, status: 'completed', ttlMs: 60_000, tail: ',"t":"echo","r":1}' } as const;
    expect(await complete(one, keys, [job])).toEqual(['stale']);
    expect(await lookup(redis.client, keys, ref)).toMatchObject({
      place: 'result',
      record: expect.stringContaining('"a":1,"s":"cancelled"'),
    });
    expect(await redis.client.exists(keys.notes)).toBe(0);
  });

  it('is left alone by an enforced cancel unless its cancel was requested long ago', async () => {
    const { keys } = queue;
    const ref = await queue.submit();
    await queue.takeAs(queue.one);
    expect(await cancel(ref, 'enforce')).toBe('asked');
    expect(await redis.client.exists(keys.notes, keys.control)).toBe(0);
    await cancel(ref);
    expect(await cancel(ref, 'enforce')).toBe('asked');
    expect(await redis.client.xlen(keys.control)).toBe(1);
  });

  it('ends as cancelled though its last attempt has failed', async () => {
    const ref = await queue.submit();
    await queue.takeAs(queue.one);
    await cancel(ref);
    expect(await queue.bury(ref)).toBe('done');
    expect(await queue.bury(ref)).toBe('repeated');
    expect(await queue.placeOf(ref)).toBe('queued');
    expect(await queue.takeAs(queue.two)).toMatchObject([{ entryId: ref.entryId, cancelAsked: true }]);
    expect(await redis.client.hget(queue.keys.totals, 'failed')).toBeNull();
  });

  it('skips the back-off when its attempt fails, and is reported when its worker is lost', async () => {
    const { keys, one, two } = queue;
    const [failing, lost] = [await queue.submit(), await queue.submit()];
    await queue.takeAs(one);
    await cancel(failing);
    await cancel(lost);
    await queue.retry(failing, 3_600_000);
    expect(await queue.takeAs(two)).toMatchObject([{ entryId: failing.entryId, cancelAsked: true }]);
    const givenUp = { consumer: 'one', lingerMs: 0, how: 'SIGKILL' };
    expect((await recover(redis.client, keys, givenUp)).cancelled).toEqual([lost]);
    expect(await cancel(lost)).toBe('withdrawn');
  });
});
