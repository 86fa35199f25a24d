import { describe, expect, it } from 'vitest';
import { takeCensus } from '../../../src/queues/scripts/census.ts';
import { formatRef, type Ref } from '../../../src/redis/job-id.ts';
import { PRIORITIES, type Priority } from '../../../src/schemas/values/names.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { take } from '../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

/** A job that is due since the given time of 1970, ms. */
const due = (at: number, pr: Priority): Promise<Ref> =>
  queue.submit({ at, ...(pr === 'normal' ? {} : { pr }) }, 'parked');

const takeNames = async (count: number): Promise<string[]> =>
  (await queue.takeAs(queue.one, count)).map(formatRef);

describe('due jobs', () => {
  it('of all priorities are taken by priority, and of each those first that are due longest', async () => {
    const refs = new Map<Priority, Ref[]>();
    for (const at of [30, 10, 20]) {
      for (const priority of PRIORITIES.toReversed()) {
        refs.set(priority, [...(refs.get(priority) ?? []), await due(at, priority)]);
      }
    }
    const inOrder = PRIORITIES.flatMap((priority) => {
      const [third, first, second] = refs.get(priority) as [Ref, Ref, Ref];
      return [first, second, third].map(formatRef);
    });
    const taken: string[] = [];
    for (const count of [1, 2, 4, 10]) taken.push(...(await takeNames(count)));
    expect(taken).toEqual(inOrder);
    expect(await redis.client.zcard(queue.keys.scheduled)).toBe(0);
  });

  it('of one time are taken in the order of their ids, as numbers', async () => {
    const { scheduled, stream } = queue.keys;
    const first = await due(1, 'normal');
    const [[, fields = []] = []] = await redis.client.xrange(stream.parked, '-', '+');
    const ms = Number(first.entryId.split('-')[0]);
    const ids = [`${ms + 1}-45`, `${ms + 2}-0`, `${ms + 2}-2`, `${ms + 2}-10`];
    for (const id of ids) {
      await redis.client.xadd(stream.parked, id, ...fields);
      await redis.client.zadd(scheduled, 1, `p${id}`);
    }
    expect(await takeNames(10)).toEqual([formatRef(first), ...ids.map((id) => `p${id}`)]);
  });

  it('that stand behind more jobs of a lower priority than one step reads are found by the next takes', async () => {
    const low = await Promise.all(Array.from({ length: 2_500 }, (_, i) => due(i + 1, 'low')));
    const normal = await due(5_000, 'normal');
    const critical = await due(6_000, 'critical');
    const first = await takeNames(2);
    expect(first[0]).toBe(formatRef(critical));
    const more = [...first, ...(await takeNames(2)), ...(await takeNames(2))];
    expect(more).toContain(formatRef(normal));
    const rest = await takeNames(3_000);
    expect(new Set([...more, ...rest]).size).toBe(low.length + 2);
  });

  it('keep their priority when they are taken again, however they come back', async () => {
    const [low, critical, high] = [await due(1, 'low'), await due(2, 'critical'), await due(3, 'high')];
    await queue.takeAs(queue.one, 3);
    await queue.retry(low, 0);
    await queue.one.release(queue.keys, [{ ref: high, token: 1, begun: true }]);
    await queue.retry(critical, 0);
    expect((await takeCensus(redis.client, queue.keys)).ranked).toEqual({ critical: 1, high: 1, low: 1 });
    expect(await takeNames(3)).toEqual([critical, high, low].map(formatRef));
  });

  it('that a release without ranks has stored, moved or ended are taken, once', async () => {
    const [old, moved, ended] = [await due(3, 'high'), await due(4, 'high'), await due(5, 'low')];
    await redis.client.zrem(queue.keys.ranked, formatRef(old));
    await redis.client.zrem(queue.keys.scheduled, formatRef(moved), formatRef(ended));
    await redis.client.zadd(queue.keys.due.parked, Date.now() + 3_600_000, formatRef(moved));
    await redis.client.xdel(queue.keys.stream.parked, ended.entryId);
    expect(await takeNames(5)).toEqual([formatRef(old)]);
    expect(await redis.client.zrange(queue.keys.ranked, 0, '-1')).toEqual([formatRef(moved)]);
    await redis.client.zadd(queue.keys.due.parked, 1, formatRef(moved));
    await takeNames(1);
    expect(await takeNames(1)).toEqual([formatRef(moved)]);
  });

  it('and a lane of the same priority both have turns', async () => {
    const [delayed] = [await due(1, 'low'), await due(2, 'low')];
    const inLane = await queue.submit({}, 'low');
    for (let i = 0; i < 3; i += 1) await queue.submit({}, 'critical');
    const favour = async (favoursDue: boolean) => {
      const taken = await take(queue.one, queue.keys, { count: 1, favouredLane: 4, share: 1, favoursDue });
      return taken.kind === 'taken' ? taken.deliveries.map(formatRef) : [];
    };
    expect(await favour(true)).toEqual([formatRef(delayed)]);
    expect(await favour(false)).toEqual([formatRef(inLane)]);
    // A turn without jobs goes to the others of that priority.
    expect((await favour(false))[0]).toMatch(/^p/);
  });
});
