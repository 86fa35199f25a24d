import { expect, it } from 'vitest';
import type { Connection } from '../../src/redis/connection.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { readSubscription } from '../../src/subscriptions/scripts/read.ts';
import { groupOf, subscribe } from '../../src/subscriptions/scripts/subscribe.ts';
import { subscriptionBacklogs, subscriptionStates } from '../../src/subscriptions/state.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const options = {
  from: 'now' as const,
  maxBacklog: undefined,
  ackWaitMs: undefined,
  defaults: { maxBacklog: 1_000, ackWaitMs: 1_000 },
};

it('subscriptionStates shows no oldest entry when the subscription is removed during the read', async () => {
  const keys = queueKeys('mr', 'q');
  const { client } = redis;
  await subscribe(client, keys, 'sub', options);
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

it('subscriptionStates counts what is unread, unacknowledged and lost', async () => {
  const keys = queueKeys('mr', 'counts');
  const { client } = redis;
  await subscribe(client, keys, 'b', options);
  await subscribe(client, keys, 'a', options);
  for (let i = 1; i <= 10; i += 1) await client.xadd(keys.events, '*', 'e', 'started', 'j', `n${i}-0`);
  await readSubscription(client, keys, 'a', 3);
  await client.xtrim(keys.events, 'MAXLEN', 5);
  expect(await subscriptionStates(client, keys)).toMatchObject([
    { name: 'a', backlog: 5, unacked: 3, lost: 2 },
    { name: 'b', backlog: 5, unacked: 0, lost: 5, oldestUnacked: undefined },
  ]);
  expect(await subscriptionStates(client, keys, 'b')).toHaveLength(1);
  expect(await subscriptionBacklogs(client, keys)).toEqual([
    { name: 'a', backlog: 5 },
    { name: 'b', backlog: 5 },
  ]);
});

it('subscriptionStates counts nothing while the queue has no events stream', async () => {
  const keys = queueKeys('mr', 'none');
  await subscribe(redis.client, keys, 'sub', options);
  await redis.client.del(keys.events);
  expect(await subscriptionStates(redis.client, keys)).toMatchObject([{ backlog: 0, unacked: 0, lost: 0 }]);
});
