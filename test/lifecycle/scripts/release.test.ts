import { expect, it } from 'vitest';
import { release } from '../../../src/lifecycle/scripts/release.ts';
import type { Ref } from '../../../src/redis/job-id.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const releaseAs = (consumer: string, ref: Ref, begun: boolean) =>
  release(redis.client, queue.keys, consumer, [{ ref, token: 1, begun }], 0);

it('spends no attempt', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  expect(await releaseAs('one', ref, false)).toEqual(['done']);
  expect(await queue.placeOf(ref)).toBe('queued');
  expect(await queue.takeAs(queue.two)).toMatchObject([{ attempt: 1, token: 1, begun: false }]);
});

it('tells a repeated release of a started job from one that is not the consumer’s', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  expect(await releaseAs('two', ref, true)).toEqual(['stale']);
  expect(await releaseAs('one', ref, true)).toEqual(['done']);
  expect(await releaseAs('one', ref, true)).toEqual(['repeated']);
  expect(await releaseAs('two', ref, true)).toEqual(['stale']);
  expect(await queue.takeAs(queue.two)).toMatchObject([{ begun: true }]);
});

it('counts a loss of a suspect', async () => {
  const ref = await queue.submit();
  for (const losses of [1, 2]) {
    const [{ token } = { token: 0 }] = await queue.takeAs(queue.one);
    const suspect = { ref, token, begun: true, isSuspect: true };
    expect(await release(redis.client, queue.keys, 'one', [suspect], 0)).toEqual(['done']);
    const [delivery] = await queue.takeAs(queue.two);
    expect(delivery).toMatchObject({ attempt: 1, losses });
    await release(redis.client, queue.keys, 'two', [{ ref, token: delivery?.token ?? 0, begun: true }], 0);
  }
});
