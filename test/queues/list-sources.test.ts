import { beforeEach, describe, expect, it } from 'vitest';
import { LIST_SOURCES, type ListSource } from '../../src/queues/list-sources.ts';
import { formatRef } from '../../src/redis/job-id.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import type { ListedStatus } from '../../src/schemas/values/names.ts';
import { deliver, newQueueKeys, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
let keys: QueueKeys;
beforeEach(() => {
  keys = newQueueKeys();
});

/** The source of the `normal` lane, which is the third of each status that has one per lane. */
function sourceOf(status: ListedStatus): ListSource {
  const source = LIST_SOURCES.filter((one) => one.status === status)[status === 'scheduled' ? 0 : 2];
  if (source === undefined) throw new Error(`no source for ${status}`);
  return source;
}

const listed = async (status: ListedStatus, after = '', count = 10) => {
  const source = sourceOf(status);
  const found = await source.read(redis.client, keys, { after, count, now: 5 });
  for (const { position } of found) expect(position).toMatch(source.position);
  return found;
};

describe('a list source', () => {
  it('separates the delivered entries of a lane from those that wait', async () => {
    const refs = await putQueued(redis.client, keys, [1, 2, 3]);
    await deliver(redis.client, keys, 1);
    expect((await listed('running')).map(({ ref }) => ref)).toEqual(refs.slice(0, 1));
    expect((await listed('queued')).map(({ ref }) => ref)).toEqual(refs.slice(1));
  });

  it.each(['queued', 'running'] as const)('reads %s jobs on from a position', async (status) => {
    const refs = await putQueued(redis.client, keys, [1, 2, 3]);
    if (status === 'running') await deliver(redis.client, keys, 3);
    const [first] = await listed(status, '', 1);
    expect(first?.ref).toEqual(refs[0]);
    expect((await listed(status, first?.position)).map(({ ref }) => ref)).toEqual(refs.slice(1));
  });

  it('reads a sorted set on from a position whose member has left, or has another score', async () => {
    const refs = ['n1-0', 'n2-0', 'n3-0'];
    const due = keys.due.normal;
    await redis.client.zadd(due, 10, 'n1-0', 20, 'n2-0', 30, 'n3-0');
    const [, second] = await listed('retrying', '', 2);
    const next = async () => (await listed('retrying', second?.position)).map(({ ref }) => formatRef(ref));
    expect(await next()).toEqual(refs.slice(2));
    await redis.client.zrem(due, 'n2-0');
    expect(await next()).toEqual(refs.slice(2));
    await redis.client.zadd(due, 20, 'n4-0');
    expect(await next()).toEqual(['n4-0', 'n3-0']);
    await redis.client.zrem(due, 'n4-0');
    await redis.client.zadd(due, 6, 'n2-0');
    expect(await next()).toEqual(refs.slice(2));
  });

  it('is empty while the queue has no stream', async () => {
    const page = { after: '', count: 10, now: 5 };
    for (const source of LIST_SOURCES) expect(await source.read(redis.client, keys, page)).toEqual([]);
  });
});
