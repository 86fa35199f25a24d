import { beforeEach, describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { readEventsPage } from '../../src/subscriptions/read.ts';
import { groupOf, subscribe } from '../../src/subscriptions/scripts/subscribe.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const keys = queueKeys('mr', 'q');

beforeEach(async () => {
  await redis.client.flushall();
  await subscribe(redis.client, keys, 'sub', {
    from: 'now',
    maxBacklog: undefined,
    ackWaitMs: undefined,
    defaults: { maxBacklog: 1_000, ackWaitMs: 60_000 },
  });
});

const add = (kind: string, refs: string) => redis.client.xadd(keys.events, '*', 'e', kind, 'j', refs);

const read = (max: number, ...types: ('started' | 'completed')[]) =>
  readEventsPage(redis.client, keys, 'sub', max, types.length === 0 ? undefined : new Set(types));

async function pending(): Promise<number> {
  const [count] = (await redis.client.xpending(keys.events, groupOf('sub'))) as [number];
  return count;
}

describe('readEventsPage', () => {
  it('is undefined for a subscription that does not exist', async () => {
    expect(await readEventsPage(redis.client, keys, 'other', 10, undefined)).toBeUndefined();
  });

  it('reports an empty page when there is no entry', async () => {
    expect(await read(10)).toEqual({ events: [], lost: 0, isEmpty: true, dueInMs: undefined });
  });

  it('delivers entries whole, and says when they are due again', async () => {
    await add('started', 'n1-0 n2-0');
    const page = await read(1);
    expect(page?.events.map(({ job }) => job)).toEqual(['q~n1-0', 'q~n2-0']);
    expect(page).toMatchObject({ isEmpty: false, dueInMs: 0 });
    const { dueInMs } = (await read(1)) ?? {};
    expect(dueInMs).toBeGreaterThan(0);
    expect(dueInMs).toBeLessThanOrEqual(60_000);
  });

  it('acknowledges unwanted entries on the way to a wanted one', async () => {
    await add('started', 'n1-0');
    await add('started', 'n2-0');
    await add('completed', 'n1-0');
    const page = await read(1, 'completed');
    expect(page?.events.map(({ type }) => type)).toEqual(['completed']);
    expect(await pending()).toBe(1);
  });

  it('stops after 20 reads without a wanted event', async () => {
    for (let i = 1; i <= 21; i += 1) await add('started', `n${i}-0`);
    await add('completed', 'n1-0');
    expect(await read(1, 'completed')).toMatchObject({ events: [], isEmpty: false, dueInMs: 0 });
    expect((await read(1, 'completed'))?.events).toHaveLength(1);
  });

  it('acknowledges the unwanted events of an entry that also has wanted ones', async () => {
    await redis.client.xadd(keys.events, '*', 'e', 'started', 'j', 'n1-0', 'e', 'completed', 'j', 'n2-0');
    expect((await read(10, 'completed'))?.events.map(({ job }) => job)).toEqual(['q~n2-0']);
    expect(await pending()).toBe(1);
    const partial = Object.entries(await redis.client.hgetall(keys.subscription('sub')));
    expect(partial.filter(([field]) => field.startsWith('p:')).map(([, numbers]) => numbers)).toEqual(['1']);
  });

  it('counts the entries that were trimmed before the read', async () => {
    for (let i = 1; i <= 5; i += 1) await add('started', `n${i}-0`);
    await redis.client.xtrim(keys.events, 'MAXLEN', 2);
    expect(await read(10)).toMatchObject({ lost: 3 });
    expect(await read(10)).toMatchObject({ lost: 0 });
  });
});
