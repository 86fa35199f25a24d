import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { JsonText } from '../../src/schemas/json/json-text.ts';
import { announceTasks } from '../../src/tasks/announcements.ts';
import { TaskDirectory } from '../../src/tasks/directory.ts';
import type { TaskAnnouncement } from '../../src/tasks/types.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const keys = queueKeys('mr', 'q');
let now = 0;
const clock: Clock = { wall: () => now, monotonic: () => now };

beforeEach(async () => {
  now = 0;
  await redis.client.flushall();
});

const announce = (...tasks: TaskAnnouncement[]) => announceTasks(redis.client, keys, tasks);

describe('the announced tasks of a queue', () => {
  it('are empty before the first announcement, and cached for two seconds', async () => {
    const directory = new TaskDirectory(redis.client, clock);
    expect(await directory.announced(keys)).toMatchObject({ isEmpty: true, liveNames: [] });
    await announce({ name: 'echo' });
    now = 2_000;
    expect(directory.announced(keys)).toMatchObject({ isEmpty: true });
    now = 2_001;
    expect(await directory.announced(keys)).toMatchObject({ isEmpty: false, liveNames: ['echo'] });
  });

  it('are read again on refresh', async () => {
    const directory = new TaskDirectory(redis.client, clock);
    await directory.announced(keys);
    await announce({ name: 'b' }, { name: 'a' });
    const tasks = await directory.refresh(keys);
    expect([tasks.liveNames, tasks.has('a'), tasks.has('c')]).toEqual([['a', 'b'], true, false]);
  });

  it('keep their compiled schemas while nothing changes', async () => {
    await announce({ name: 'echo', input: { type: 'string' } });
    const directory = new TaskDirectory(redis.client, clock);
    const first = await directory.refresh(keys);
    expect(await directory.refresh(keys)).toBe(first);
    await announce({ name: 'echo', input: { type: 'string' } });
    expect(await directory.refresh(keys)).toBe(first);
    await announce({ name: 'echo', input: { type: 'number' } });
    expect(await directory.refresh(keys)).not.toBe(first);
  });

  it('check payload and result with pointers into the request', async () => {
    await announce({ name: 'echo', input: { required: ['n'] }, output: { type: 'null' } });
    const tasks = await new TaskDirectory(redis.client, clock).announced(keys);
    expect(tasks.checkPayload('echo', JsonText.of({}))).toEqual([
      { pointer: '/payload/n', detail: 'is required' },
    ]);
    expect(tasks.checkResult('echo', JsonText.of(1))).toEqual([
      { pointer: '/result', detail: 'must be null' },
    ]);
    expect(tasks.checkPayload('other', JsonText.of({}))).toEqual([]);
  });

  it('accept every payload when this process cannot compile the schema', async () => {
    await announce({ name: 'echo', input: { $ref: '#/missing' } });
    const tasks = await new TaskDirectory(redis.client, clock).announced(keys);
    expect(await tasks.checkPayload('echo', JsonText.of(1))).toEqual([]);
  });

  it('give their defaults as far as they are cached', async () => {
    await announce({ name: 'echo', attempts: 3 });
    const directory = new TaskDirectory(redis.client, clock);
    expect(directory.defaultsOf('q', 'echo')).toBeUndefined();
    await directory.announced(keys);
    expect(directory.defaultsOf('q', 'echo')).toMatchObject({ attempts: 3 });
  });
});
