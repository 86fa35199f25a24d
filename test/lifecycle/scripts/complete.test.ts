import { describe, expect, it } from 'vitest';
import type { WaitingConsumer } from '../../../src/lifecycle/consumer.ts';
import { bury } from '../../../src/lifecycle/scripts/bury.ts';
import { release } from '../../../src/lifecycle/scripts/release.ts';
import { retry } from '../../../src/lifecycle/scripts/retry.ts';
import { formatRef, type Ref } from '../../../src/redis/job-id.ts';
import { GROUP } from '../../../src/redis/keys.ts';
import { MAX_DEAD, useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { complete } from '../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const completeAs = async (consumer: WaitingConsumer, ref: Ref, token = 1, tail = ',"t":"echo","r":1}') => {
  const job = { ref, token, status: 'completed', ttlMs: 60_000, tail } as const;
  return (await complete(consumer, queue.keys, [job]))[0];
};
const total = async (name: string) => Number((await redis.client.hget(queue.keys.totals, name)) ?? 0);

/** Everything but events, totals and leases, to show that nothing was changed. */
async function snapshot(): Promise<string> {
  const { queue: name, events, totals, leases, stream } = queue.keys;
  const names = (await redis.client.keys(`mr:{${name}}:*`)).filter(
    (key) => ![events, totals, leases].includes(key),
  );
  const values = await Promise.all(names.sort().map((key) => redis.client.dumpBuffer(key)));
  const pending = await Promise.all(Object.values(stream).map((key) => redis.client.xpending(key, GROUP)));
  return JSON.stringify([names, values.map((value) => value?.toString('hex')), pending]);
}

describe('a completion', () => {
  it('is refused to another consumer like every end of a delivery, changes nothing and is counted', async () => {
    const ref = await queue.submit();
    await queue.takeAs(queue.one);
    const before = await snapshot();
    const failure = { ref, token: 1, error: '{"message":"no","attempt":1}' };
    expect(await completeAs(queue.two, ref)).toBe('stale');
    expect(await retry(redis.client, queue.keys, 'two', failure, 0)).toBe('stale');
    expect(await bury(redis.client, queue.keys, 'two', failure, MAX_DEAD)).toBe('stale');
    const held = [{ ref, token: 1, begun: false }];
    expect(await release(redis.client, queue.keys, 'two', held, 0)).toEqual(['stale']);
    expect(await snapshot()).toBe(before);
    expect(await total('staleCommits')).toBe(3);
    expect(await completeAs(queue.one, ref)).toBe('done');
  });

  it('is refused for an earlier delivery to the same consumer', async () => {
    const ref = await queue.submit();
    await queue.takeAs(queue.one);
    await queue.retry(ref, 0);
    await queue.takeAs(queue.one);
    expect(await completeAs(queue.one, ref, 1)).toBe('stale');
    expect(await completeAs(queue.one, ref, 2)).toBe('done');
  });

  it('is answered as repeated when it is sent again', async () => {
    const ref = await queue.submit();
    await queue.takeAs(queue.one);
    expect([await completeAs(queue.one, ref), await completeAs(queue.one, ref)]).toEqual([
      'done',
      'repeated',
    ]);
    expect(await total('completed')).toBe(1);
    expect(await completeAs(queue.two, ref)).toBe('stale');
  });

  it('takes the lease from the head of a result, whatever the result says', async () => {
    const ref = await queue.submit();
    await queue.takeAs(queue.one);
    await completeAs(queue.one, ref, 1, ',"t":"echo","r":"{\\"w\\":\\"two\\",\\"a\\":1"}');
    expect(await completeAs(queue.two, ref)).toBe('stale');
  });

  it('stores the errors of earlier attempts, and leaves no note', async () => {
    const ref = await queue.submit();
    await queue.takeAs(queue.one);
    await queue.retry(ref, 0);
    await queue.takeAs(queue.two);
    expect(await completeAs(queue.two, ref, 2)).toBe('done');
    const record = JSON.parse((await redis.client.get(queue.keys.result(formatRef(ref)))) ?? '');
    expect(record).toMatchObject({ w: 'two', a: 2, s: 'completed', e: [{ attempt: 1 }], t: 'echo', r: 1 });
    expect(await redis.client.exists(queue.keys.notes)).toBe(0);
  });
});
