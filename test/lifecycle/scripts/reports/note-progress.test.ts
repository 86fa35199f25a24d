import { expect, it } from 'vitest';
import { noteProgress } from '../../../../src/lifecycle/scripts/reports/note-progress.ts';
import { useQueueOfTwo } from '../../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('stores progress of the delivery that the consumer holds, and shows a short one in its event', async () => {
  const ref = await queue.submit();
  await queue.takeAs(queue.one);
  const progress = (consumer: string, text: string) =>
    noteProgress(redis.client, queue.keys, consumer, { ref, token: 1 }, text);
  const last = async () => (await redis.client.xrevrange(queue.keys.events, '+', '-', 'COUNT', 1))[0]?.[1];
  expect(await progress('two', '1')).toBe(false);
  expect(await redis.client.exists(queue.keys.notes)).toBe(0);
  expect(await progress('one', '{"done":50}')).toBe(true);
  expect(await last()).toEqual(['e', 'progress', 'j', `n${ref.entryId}`, 'v', '{"done":50}']);
  const long = JSON.stringify('x'.repeat(600));
  expect(await progress('one', long)).toBe(true);
  expect(await last()).toEqual(['e', 'progress', 'j', `n${ref.entryId}`]);
  expect(await redis.client.hget(queue.keys.notes, `n${ref.entryId}:p`)).toBe(long);
});
