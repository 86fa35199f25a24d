import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { QueueRegistry } from '../../src/core/queue-registry.ts';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const keySpace = new KeySpace('mr');
let now = 0;
const clock: Clock = { wall: () => now, monotonic: () => now };

beforeEach(async () => {
  now = 0;
  await redis.client.flushall();
});

const newRegistry = () => new QueueRegistry(redis.client, keySpace, clock);

const keepListed = (registry: QueueRegistry, queues: readonly string[]) =>
  registry.whileListed(queues, async () => undefined);

describe('the registry of queues', () => {
  it('lists registered names in order', async () => {
    const registry = newRegistry();
    await registry.register(['b', 'a', 'b']);
    expect(await registry.names()).toEqual(['a', 'b']);
  });

  it('finds a queue that is registered or has jobs, and no other', async () => {
    const registry = newRegistry();
    await registry.register(['registered']);
    await putQueued(redis.client, keySpace.queue('with-jobs'), [1]);
    expect((await registry.existing('registered')).queue).toBe('registered');
    expect((await registry.existing('with-jobs')).queue).toBe('with-jobs');
    await expect(registry.existing('missing')).rejects.toMatchObject({ code: 'queue-not-found' });
  });

  it('registers a name again after a minute, not before', async () => {
    const registry = newRegistry();
    await keepListed(registry, ['a']);
    await redis.client.del(keySpace.queues);
    now = 60_000;
    expect(registry.isRegistered('a')).toBe(true);
    await keepListed(registry, ['a']);
    expect(await registry.names()).toEqual([]);
    now = 60_001;
    await keepListed(registry, ['a']);
    expect(await registry.names()).toEqual(['a']);
  });

  it('lists a new name before each write that came meanwhile, and looks at a known one beside it', async () => {
    const registry = newRegistry();
    const listed = () => redis.client.smembers(keySpace.queues);
    const [first, second] = await Promise.all([
      registry.whileListed(['a'], listed),
      registry.whileListed(['a', 'b'], listed),
    ]);
    expect(first).toContain('a');
    expect([...second].sort()).toEqual(['a', 'b']);
    await redis.client.del(keySpace.queues);
    now = 60_001;
    expect(await registry.whileListed(['a'], listed)).toEqual([]);
    expect(await listed()).toEqual(['a']);
  });

  it('needs no write for a registered name, so a full Redis does not matter', async () => {
    const registry = newRegistry();
    await registry.register(['a']);
    await redis.client.config('SET', 'maxmemory', '1');
    await registry.register(['a']);
    await expect(keepListed(registry, ['new'])).rejects.toThrow('OOM');
    expect(registry.isRegistered('new')).toBe(false);
    await redis.client.config('SET', 'maxmemory', '0');
    await keepListed(registry, ['new']);
    expect(await registry.names()).toEqual(['a', 'new']);
  });

  it('goes on with a queue that was registered before, while its name cannot be looked up', async () => {
    const registry = newRegistry();
    await keepListed(registry, ['a']);
    await redis.client.del(keySpace.queues);
    await redis.client.config('SET', 'maxmemory', '1');
    now = 60_001;
    await keepListed(registry, ['a']);
    await expect(keepListed(registry, ['new'])).rejects.toThrow('OOM');
    await redis.client.config('SET', 'maxmemory', '0');
    now = 61_002;
    await keepListed(registry, ['a']);
    expect(await registry.names()).toEqual(['a']);
  });

  it('lists a removed queue again that has come back, for two minutes', async () => {
    const registry = newRegistry();
    const gone: string[] = [];
    await keepListed(registry, ['back', 'late', 'gone']);
    for (const queue of ['back', 'late', 'gone']) {
      await registry.beforeRemoval(queue);
      await registry.unlist(queue);
    }
    expect(registry.isRegistered('back')).toBe(false);
    await putQueued(redis.client, keySpace.queue('back'), [1]);
    await registry.relist(async (queue) => gone.push(queue));
    expect(await registry.names()).toEqual(['back']);
    expect(await redis.client.zcard(keySpace.removedQueues)).toBe(3);
    expect(gone).toEqual([]);
    const longAgo = Date.now() - 121_000;
    await redis.client.zadd(keySpace.removedQueues, longAgo, 'gone', longAgo, 'late');
    await putQueued(redis.client, keySpace.queue('late'), [1]);
    await registry.relist(async (queue) => gone.push(queue));
    expect(await registry.names()).toEqual(['back', 'late']);
    expect(gone).toEqual(['gone']);
    expect(await redis.client.zrange(keySpace.removedQueues, 0, '-1')).toEqual(['back']);
  });
});
