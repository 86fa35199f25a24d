import { expect, it } from 'vitest';
import { takeCensus } from '../../../src/queues/scripts/census.ts';
import type { Ref } from '../../../src/redis/job-id.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { complete } from '../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('counts each place, and adds up', async () => {
  const refs: Ref[] = [];
  for (let i = 0; i < 5; i += 1) refs.push(await queue.submit());
  await queue.submit({ d: 60_000 }, 'parked');
  await queue.takeAs(queue.one, 4);
  const [first, second, third] = refs as [Ref, Ref, Ref];
  const tail = ',"t":"echo","r":1}';
  const end = { ref: first, token: 1, status: 'completed', ttlMs: 60_000, tail } as const;
  expect(await complete(queue.one, queue.keys, [end])).toEqual(['done']);
  await queue.retry(second, 60_000);
  await queue.bury(third);
  const census = await takeCensus(redis.client, queue.keys);
  expect(census.places.normal).toMatchObject({ length: 4, running: 1, due: 1, dead: 1, added: 5 });
  expect(census.scheduled).toBe(1);
  expect(census.leases.find(({ consumer }) => consumer === 'one')?.running).toBe(1);
  const oldest = Number.parseInt(refs[4]?.entryId ?? '', 10);
  expect(census.waitingSince).toBe(oldest);
  expect(census.totals).toMatchObject({ completed: 1, retried: 1, failed: 1 });
});
