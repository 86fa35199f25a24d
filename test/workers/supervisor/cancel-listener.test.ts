import { afterAll, beforeAll, expect, it } from 'vitest';
import { openReader } from '../../../src/redis/reads/open-reader.ts';
import { CancelListener } from '../../../workers/supervisor/cancel-listener.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
let reader: ReturnType<typeof openReader>;
beforeAll(async () => {
  reader = openReader({ url: redis.url, name: 'test-reads', scripts: [] }, redis.client);
  await reader.whenReady(10_000);
});
afterAll(() => reader.disconnect());

it('forwards requests and classes of held jobs that are written after its start, each once, in order of their queue', async () => {
  const core = createTestCore(redis.client);
  const queues = ['a', 'b'].map((queue) => core.keySpace.queue(queue));
  const [a, b] = queues;
  if (a === undefined || b === undefined) throw new Error('two queues');
  await redis.client.xadd(a.control, '*', 'cancel', 'n1-0');
  const requests: string[] = [];
  const held: string[] = [];
  const listener = new CancelListener(core, reader, queues, {
    onCancel: (queue, ref) => requests.push(`${queue} ${ref}`),
    onHeld: (queue, holdClass = 'any') => held.push(`${queue} ${holdClass}`),
  });
  const first = listener.run();
  await expect.poll(() => redis.client.info('clients'), { timeout: 20_000 }).toMatch(/blocked_clients:[1-9]/);
  await redis.client.xadd(b.control, '*', 'cancel', 'n2-0');
  await first;
  await redis.client.xadd(a.control, '*', 'cancel', 'n3-0');
  await redis.client.xadd(a.control, '*', 'unknown-verb', 'n4-0');
  await redis.client.xadd(a.control, '*', 'held', 'task:resize\n');
  await redis.client.xadd(b.control, '*', 'limits', 'changed');
  // In a Cluster each read returns what one queue has.
  await until(async () => {
    await listener.run();
    return requests.length + held.length >= 6;
  }, 'all requests');
  expect(requests).toEqual(['b n2-0', 'a n3-0']);
  const heldOf = (queue: string) => held.filter((one) => one.startsWith(queue));
  // Jobs of any class may be held from before the start.
  expect(heldOf('a')).toEqual(['a any', 'a task:resize\n']);
  // Limits that were changed may let jobs of any class start.
  expect(heldOf('b')).toEqual(['b any', 'b any']);
});
