import { describe, expect, it } from 'vitest';
import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import type { Delivery } from '../../../src/lifecycle/scripts/take.ts';
import { GROUP } from '../../../src/redis/keys.ts';
import { entryIdsOf, useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

const destroyGroups = () =>
  Promise.all(
    Object.values(queue.keys.stream).map((stream) => redis.client.xgroup('DESTROY', stream, GROUP)),
  );

describe('a consumer group that was destroyed', () => {
  it('is recreated: dead jobs stay dead, waiting ones keep their attempts, new ones come as new', async () => {
    const { keys, one, two } = queue;
    const [dead, due, ran, fresh] = [
      await queue.submit(),
      await queue.submit(),
      await queue.submit(),
      await queue.submit(),
    ];
    await queue.takeAs(one, 3);
    await queue.bury(dead);
    await queue.retry(due, 3_600_000);
    await queue.retry(ran, 0);
    expect(await queue.takeAs(one, 1)).toMatchObject([{ entryId: ran.entryId, attempt: 2 }]);
    await destroyGroups();

    const taken: Delivery[] = [];
    for (let i = 0; i < 5; i += 1) taken.push(...(await queue.takeAs(two)));
    expect(taken.map(({ entryId, attempt, token }) => [entryId, attempt, token])).toEqual([
      [fresh.entryId, 1, 1],
      [ran.entryId, 2, 2],
    ]);
    expect([await queue.placeOf(dead), await queue.placeOf(due)]).toEqual(['failed', 'retrying']);
    // The group has passed the entries from before: settings hold nothing to heal, and new jobs come at once.
    expect(await redis.client.hgetall(keys.settings)).toEqual({});
    const later = await queue.submit();
    expect(entryIdsOf(await queue.takeAs(two))).toEqual([later.entryId]);
  });

  it('delivers nothing to a blocking read until a take has checked the entries', async () => {
    const { keys, one } = queue;
    const dead = await queue.submit();
    await queue.takeAs(one);
    await queue.bury(dead);
    await destroyGroups();
    expect(await one.awaitWork([{ keys, hearsOnlyWake: false }], 1)).toEqual([]);
    expect(one.recreatedGroups).toBe(1);
    expect(await queue.takeAs(one)).toEqual([]);
    expect(await queue.placeOf(dead)).toBe('failed');
  });

  it('accepts the release of a dead or due job that it delivered again, and leaves the job where it is', async () => {
    const { keys, one } = queue;
    const refs = [await queue.submit(), await queue.submit()] as const;
    const [dead, due] = refs;
    await queue.takeAs(one);
    await queue.bury(dead);
    await queue.retry(due, 3_600_000);
    await destroyGroups();
    await ensureGroups(redis.client, keys);
    await redis.client.xreadgroup('GROUP', GROUP, 'one', 'COUNT', 10, 'STREAMS', keys.stream.normal, '>');
    const held = refs.map((ref) => ({ ref, token: 1, begun: false }));
    expect(await one.release(keys, held)).toEqual(['done', 'done']);
    expect([await queue.placeOf(dead), await queue.placeOf(due)]).toEqual(['failed', 'retrying']);
    expect(await queue.takeAs(one)).toEqual([]);
  });
});
