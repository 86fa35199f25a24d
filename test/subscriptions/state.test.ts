import { expect, it } from 'vitest';
import type { Connection } from '../../src/redis/connection.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { readSubscription } from '../../src/subscriptions/scripts/read.ts';
import { groupOf, subscribe } from '../../src/subscriptions/scripts/subscribe.ts';
import { subscriptionStates } from '../../src/subscriptions/state.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('a subscription that ends while its state is read has no unacknowledged event', async () => {
  const keys = queueKeys('mr', 'q');
  const defaults = { maxBacklog: 1_000, ackWaitMs: 1_000 };
  const { client } = redis;
  await subscribe(client, keys, 'sub', {
    from: 'now',
    maxBacklog: undefined,
    ackWaitMs: undefined,
    defaults,
  });
  await client.xadd(keys.events, '*', 'e', 'started', 'j', 'n1-0');
  expect((await readSubscription(client, keys, 'sub', 10))?.entries).toHaveLength(1);
  const [before] = await subscriptionStates(client, keys);
  expect(before?.oldestUnacked).toBeDefined();
  // The group is destroyed between the two round trips.
  const racing: Connection = new Proxy(client, {
    get: (target, name) =>
      name === 'xpending'
        ? async (key: string, group: string) => {
            await target.xgroup('DESTROY', keys.events, groupOf('sub'));
            return target.xpending(key, group);
          }
        : Reflect.get(target, name),
  });
  expect(await subscriptionStates(racing, keys)).toEqual([{ ...before, oldestUnacked: undefined }]);
});
