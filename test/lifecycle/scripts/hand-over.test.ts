import { expect, it } from 'vitest';
import { lookup } from '../../../src/jobs/scripts/lookup.ts';
import { handOver } from '../../../src/lifecycle/scripts/hand-over.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('moves a delivery with its token and start to another consumer, which alone can settle it then', async () => {
  const ref = await queue.submit();
  const [delivery] = await queue.takeAs(queue.one);
  const token = delivery?.token ?? 0;
  const before = await lookup(redis.client, queue.keys, ref);
  const toTwo = { ref, token, from: 'one', to: 'two' };
  expect(await handOver(redis.client, queue.keys, toTwo)).toEqual({ cancelAsked: false });
  const after = await lookup(redis.client, queue.keys, ref);
  expect(after).toMatchObject({ place: 'running', attempt: 1, worker: 'two' });
  expect(Math.abs(startOf(after) - startOf(before))).toBeLessThan(50);
  expect(await handOver(redis.client, queue.keys, toTwo)).toBeUndefined();
  expect(await queue.one.release(queue.keys, [{ ref, token, begun: true }])).toEqual(['stale']);
  expect(await queue.two.release(queue.keys, [{ ref, token, begun: true }])).toEqual(['done']);
});

it.each([
  ['an old token', { token: 2 }],
  ['a consumer that does not hold it', { from: 'two' }],
  ['a consumer without a lease', { to: 'three' }],
])('changes nothing for %s', async (_, wrong) => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  const asked = { ref, token: 1, from: 'one', to: 'two', ...wrong };
  expect(await handOver(redis.client, queue.keys, asked)).toBeUndefined();
  expect(await queue.one.release(queue.keys, [{ ref, token: 1, begun: true }])).toEqual(['done']);
});

const startOf = (found: object): number =>
  'startedAt' in found && typeof found.startedAt === 'number' ? found.startedAt : 0;
