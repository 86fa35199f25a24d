import { beforeEach, describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { redisTime } from '../../src/redis/server-time.ts';
import {
  ANNOUNCEMENT_TTL_MS,
  announceOverHttp,
  announceTasks,
  forgetTasks,
  isLive,
  keepAnnounced,
  readAnnouncements,
  removeForgotten,
  toTask,
  WORKER_LIVE_MS,
  withdraw,
} from '../../src/tasks/announcements.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const keys = queueKeys('mr', 'q');
const HOUR_MS = 3_600_000;

beforeEach(() => redis.client.flushall());

/** What is known `laterMs` from now. */
const readAfter = async (laterMs = 0) => {
  const now = (await redisTime(redis.client)) + laterMs;
  return { now, ...(await readAnnouncements(redis.client, keys, now)) };
};
const namesAfter = async (laterMs = 0) => (await readAfter(laterMs)).tasks.map(({ name }) => name).sort();

/** An announcement of an earlier release, which has a field for each name. */
const putEarlier = (name: string, ageMs: number, more: object = {}) =>
  redis.client.hset(keys.tasks, name, JSON.stringify({ name, ...more, at: Date.now() - ageMs }));

describe('an announcement', () => {
  it('is forgotten after a day; its worker counts as live for a minute', async () => {
    await announceTasks(redis.client, keys, [{ name: 'echo', attempts: 3 }]);
    const { now, tasks } = await readAfter();
    expect(tasks.map(toTask)).toEqual([{ name: 'echo', attempts: 3 }]);
    const [task] = tasks;
    if (task === undefined) throw new Error('no task');
    expect([isLive(task, now), isLive(task, now + WORKER_LIVE_MS + 1)]).toEqual([true, false]);
    expect(await namesAfter(ANNOUNCEMENT_TTL_MS - HOUR_MS)).toEqual(['echo']);
    expect(await namesAfter(ANNOUNCEMENT_TTL_MS + 1)).toEqual([]);
  });

  it('of another release of the task stands beside it, and the first time of each stays', async () => {
    const one = { name: 'echo', input: { type: 'string' } };
    const two = { name: 'echo', input: { type: 'number' } };
    await announceTasks(redis.client, keys, [one]);
    const [first] = (await readAfter()).tasks;
    await expect.poll(async () => (await readAfter()).now).toBeGreaterThan(first?.since ?? Infinity);
    await announceTasks(redis.client, keys, [two]);
    await announceTasks(redis.client, keys, [one]);
    const { tasks } = await readAfter();
    expect(tasks.map(toTask)).toEqual([two, one]);
    expect(tasks[1]?.since).toBe(first?.since);
  });

  it('that another program wrote is skipped', async () => {
    await redis.client.hset(keys.tasks, 'a', 'no JSON', 'b', '{"name":7}');
    await putEarlier('c', 0);
    expect(await namesAfter()).toEqual(['c']);
  });

  it('is written again where it is gone or was spoilt', async () => {
    await announceTasks(redis.client, keys, [{ name: 'echo' }]);
    const [field = ''] = await redis.client.hkeys(keys.tasks);
    await redis.client.hset(keys.tasks, field, 'spoilt');
    await announceTasks(redis.client, keys, [{ name: 'echo' }]);
    expect(await namesAfter()).toEqual(['echo']);
  });
});

describe('an announcement by name alone', () => {
  it('keeps the schemas and defaults that are announced already', async () => {
    await putEarlier('echo', HOUR_MS, { attempts: 3 });
    await keepAnnounced(redis.client, keys, ['echo', 'new']);
    const { tasks, now } = await readAfter();
    expect(tasks.map(toTask)).toEqual(
      expect.arrayContaining([{ name: 'echo', attempts: 3 }, { name: 'new' }]),
    );
    expect(tasks.every((task) => isLive(task, now))).toBe(true);
  });

  it('renews the last release that was announced over HTTP', async () => {
    await announceOverHttp(redis.client, keys, { name: 'echo', attempts: 3 });
    const [field = ''] = await redis.client.hkeys(keys.tasks);
    const stored = JSON.parse((await redis.client.hget(keys.tasks, field)) ?? '');
    await redis.client.hset(keys.tasks, field, JSON.stringify({ ...stored, at: stored.at - HOUR_MS }));
    await keepAnnounced(redis.client, keys, ['echo']);
    const { at } = JSON.parse((await redis.client.hget(keys.tasks, field)) ?? '');
    expect(at).toBeGreaterThanOrEqual(stored.at);
  });

  it('writes nothing while the announcement is recent', async () => {
    await putEarlier('echo', 100_000);
    const before = await redis.client.hgetall(keys.tasks);
    await keepAnnounced(redis.client, keys, ['echo']);
    expect(await redis.client.hgetall(keys.tasks)).toEqual(before);
  });

  it('for all tasks makes the queue take any name', async () => {
    expect((await readAfter()).hasTakerOfAll).toBe(false);
    await keepAnnounced(redis.client, keys, undefined);
    expect(await readAfter()).toMatchObject({ hasTakerOfAll: true, tasks: [] });
    expect((await readAfter(HOUR_MS)).hasTakerOfAll).toBe(false);
  });

  it('removes the announcements that are forgotten', async () => {
    await putEarlier('old', ANNOUNCEMENT_TTL_MS);
    await keepAnnounced(redis.client, keys, ['new']);
    expect(await redis.client.hkeys(keys.tasks)).toEqual(['new']);
    await putEarlier('old', ANNOUNCEMENT_TTL_MS);
    await removeForgotten(redis.client, keys);
    expect(await redis.client.hkeys(keys.tasks)).toEqual(['new']);
  });
});

describe('an announcement over HTTP', () => {
  const echo = (n: number) => ({ name: 'echo', input: { const: n } });
  const schemas = async () => (await readAfter()).tasks.map(({ input }) => input);

  it('stands beside those of other workers, and is withdrawn alone', async () => {
    await announceTasks(redis.client, keys, [echo(0)]);
    const one = await announceOverHttp(redis.client, keys, echo(1));
    await announceOverHttp(redis.client, keys, echo(2));
    expect(await announceOverHttp(redis.client, keys, echo(1))).toBe(one);
    expect(await withdraw(redis.client, keys, 'echo', one)).toBe(1);
    expect(await withdraw(redis.client, keys, 'echo', one)).toBe(0);
    expect(await schemas()).toEqual(expect.arrayContaining([{ const: 0 }, { const: 2 }]));
  });

  it('is withdrawn with all others of its task, but not with those of TypeScript workers that run', async () => {
    await announceTasks(redis.client, keys, [echo(0)]);
    const [field = ''] = await redis.client.hkeys(keys.tasks);
    await announceOverHttp(redis.client, keys, echo(1));
    await announceOverHttp(redis.client, keys, { name: 'other' });
    await putEarlier('echo', 0);
    expect(await withdraw(redis.client, keys, 'echo')).toBe(2);
    expect(await namesAfter()).toEqual(['echo', 'other']);
    await age(field, WORKER_LIVE_MS);
    expect(await withdraw(redis.client, keys, 'echo')).toBe(1);
  });

  it('takes the place of the one that was not renewed for longest, where a task has 20', async () => {
    for (let n = 0; n < 20; n += 1) await announceOverHttp(redis.client, keys, echo(n));
    await expect(announceOverHttp(redis.client, keys, echo(20))).rejects.toMatchObject({
      code: 'too-many-tasks',
    });
    await announceOverHttp(redis.client, keys, { name: 'other' });
    await announceOverHttp(redis.client, keys, echo(7));
    const fields = Object.entries(await redis.client.hgetall(keys.tasks));
    const [third = ''] = fields.find(([, text]) => text.includes('{"const":3}')) ?? [];
    await age(third, HOUR_MS);
    await announceOverHttp(redis.client, keys, echo(20));
    expect(await schemas()).not.toContainEqual({ const: 3 });
    expect(await redis.client.hlen(keys.tasks)).toBe(21);
  });

  it('is refused when those of the queue are too long together', async () => {
    const long = (n: number) => ({ name: `t${n}`, input: { description: 'x'.repeat(100_000) } });
    for (let n = 0; n < 10; n += 1) await announceOverHttp(redis.client, keys, long(n));
    await expect(announceOverHttp(redis.client, keys, long(10))).rejects.toMatchObject({
      code: 'too-many-tasks',
    });
    await announceOverHttp(redis.client, keys, long(9));
  });

  /** As if nobody had renewed it for so long. */
  async function age(field: string, ms: number): Promise<void> {
    const text = (await redis.client.hget(keys.tasks, field)) ?? '';
    await redis.client.hset(
      keys.tasks,
      field,
      text.replace(/\d+/, (at) => String(Number(at) - ms)),
    );
  }
});

it('of workers that run are forgotten by name, while those over HTTP and of other tasks stay', async () => {
  const tasks = [{ name: 'fib' }, { name: 'fib', input: { type: 'number' } }, { name: 'fibo' }];
  await announceTasks(redis.client, keys, tasks);
  await announceTasks(redis.client, keys, [{ name: 'echo' }]);
  await announceOverHttp(redis.client, keys, { name: 'echo', attempts: 2 });
  await forgetTasks(redis.client, keys, ['fib', 'echo', 'none']);
  const left = (await readAfter()).tasks.map(toTask);
  expect(left).toHaveLength(2);
  expect(left).toEqual(expect.arrayContaining([{ name: 'echo', attempts: 2 }, { name: 'fibo' }]));
});
