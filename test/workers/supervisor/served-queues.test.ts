import { afterEach, describe, expect, it } from 'vitest';
import { createObserver, type ServiceEvent } from '../../../src/observer.ts';
import { ServedQueues } from '../../../workers/supervisor/served-queues.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
afterEach(() => redis.client.flushall());

function create(wanted: readonly string[]) {
  const events: ServiceEvent[] = [];
  const observe = createObserver({ wants: () => true, observe: (event) => events.push(event) });
  const core = createTestCore(redis.client, {}, observe);
  const seen = { joined: [] as string[], left: [] as string[], reads: [] as [readonly string[], boolean][] };
  let fault: Error | undefined;
  const served = new ServedQueues(core, wanted, {
    onJoin: async (queues) => {
      if (fault !== undefined) throw fault;
      seen.joined.push(...queues.map(({ queue }) => queue));
    },
    onRead: (queues, hasChanged) => seen.reads.push([queues, hasChanged]),
    onLeave: ({ queue }) => seen.left.push(queue),
  });
  const fail = (error: Error | undefined) => {
    fault = error;
  };
  return { core, served, seen, events, fail };
}

describe('the queues of a worker', () => {
  it('without patterns are those of the list, and Redis is asked nothing', async () => {
    const { served, seen } = create(['a', 'b']);
    await redis.client.sadd('mr:queues', 'c');
    await served.refresh();
    expect([served.names, served.hasPatterns, seen.reads]).toEqual([['a', 'b'], false, []]);
  });

  it('join once they exist, before the worker serves them, and leave when they are deleted', async () => {
    const { core, served, seen, events } = create(['img-*', 'named']);
    expect(await served.run()).toBe(2_000);
    expect(served.names).toEqual(['named']);
    await core.queues.register(['img-a', 'other', 'img-b']);
    await served.run();
    expect(served.names).toEqual(['img-a', 'img-b', 'named']);
    expect(seen.joined).toEqual(['img-a', 'img-b']);
    await redis.client.srem('mr:queues', 'img-a');
    await served.run();
    expect([served.names, seen.left]).toEqual([['img-b', 'named'], ['img-a']]);
    expect(events).toMatchObject([
      { kind: 'queues-changed', joined: ['img-a', 'img-b'], left: [] },
      { kind: 'queues-changed', joined: [], left: ['img-a'] },
    ]);
  });

  it('are read again though their number is the same, since one may have replaced another', async () => {
    const { core, served } = create(['*']);
    await core.queues.register(['one']);
    await served.run();
    await redis.client.srem('mr:queues', 'one');
    await core.queues.register(['two']);
    for (let looks = 0; looks < 5; looks += 1) await served.run();
    expect(served.names).toEqual(['two']);
  });

  it('join with the next look when Redis fails while they join', async () => {
    const { core, served, seen, fail } = create(['*']);
    await core.queues.register(['one']);
    fail(new Error('away'));
    await expect(served.run()).rejects.toThrow('away');
    expect(served.names).toEqual([]);
    fail(undefined);
    await served.run();
    expect([served.names, seen.joined]).toEqual([['one'], ['one']]);
  });

  it('are at most 1,000, and a line says how many are left out', async () => {
    const { core, served, events } = create(['*']);
    const names = Array.from({ length: 1_003 }, (_, i) => `q${String(i).padStart(4, '0')}`);
    await core.queues.register(names.slice(3));
    await served.run();
    await core.queues.register(names);
    await served.run();
    // Those served before stay.
    expect(served.names).toEqual(names.slice(3));
    expect(events.at(-1)).toEqual({ kind: 'too-many-queues', served: 1_000, leftOut: 3, most: 1_000 });
  });
});
