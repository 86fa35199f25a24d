import { beforeEach, describe, expect, it } from 'vitest';
import type { Core } from '../../src/core/core.ts';
import { TaskRegistry } from '../../src/tasks/registry.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
let core: Core;
let registry: TaskRegistry;

beforeEach(async () => {
  await redis.client.flushall();
  core = createTestCore(redis.client);
  registry = new TaskRegistry(core);
});

describe('the registry of tasks', () => {
  it('announces a task, which admission sees at once', async () => {
    const keys = core.keySpace.queue('q');
    expect(await core.tasks.announced(keys)).toMatchObject({ isEmpty: true });
    const task = await registry.announce('q', 'echo', { attempts: 3, timeoutMs: '2s' });
    expect(task).toMatchObject({ queue: 'q', name: 'echo', attempts: 3, timeoutMs: 2_000 });
    expect(await core.tasks.announced(keys)).toMatchObject({ liveNames: ['echo'] });
    expect(await core.queues.names()).toEqual(['q']);
  });

  it('refuses options that no task may have', async () => {
    await expect(registry.announce('q', 'echo', { timeoutMs: '9999d' })).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/timeoutMs' }],
    });
  });

  it('withdraws an announcement once', async () => {
    await registry.announce('q', 'echo', {});
    await registry.remove('q', 'echo');
    expect(await registry.list({ queue: 'q' })).toEqual({ items: [] });
    await expect(registry.remove('q', 'echo')).rejects.toMatchObject({ code: 'task-not-found' });
  });

  it('lists the tasks of one queue, or of all by queue and name', async () => {
    for (const [queue, name] of [
      ['b', 'two'],
      ['b', 'one'],
      ['a', 'three'],
    ] as const) {
      await registry.announce(queue, name, {});
    }
    const names = async (query: { queue?: string }) =>
      (await registry.list(query)).items.map(({ queue, name }) => `${queue}/${name}`);
    expect(await names({})).toEqual(['a/three', 'b/one', 'b/two']);
    expect(await names({ queue: 'b' })).toEqual(['b/one', 'b/two']);
  });

  it('lists 100 queues on a page, and goes on after its cursor', async () => {
    const queues = Array.from({ length: 150 }, (_, i) => `q${String(i).padStart(3, '0')}`);
    await Promise.all(queues.map((queue) => registry.announce(queue, 'echo', {})));
    const first = await registry.list({});
    const second = await registry.list({ cursor: first.nextCursor ?? '' });
    expect([first.items.length, first.nextCursor, second.items.length]).toEqual([100, 'q099', 50]);
    expect(second).not.toHaveProperty('nextCursor');
  });
});
