import { describe, expect, it } from 'vitest';
import { recover } from '../../../src/lifecycle/scripts/recover.ts';
import { takeCensus } from '../../../src/queues/scripts/census.ts';
import { setPaused } from '../../../src/queues/scripts/pause.ts';
import { redisTime } from '../../../src/redis/server-time.ts';
import { untilAfter, useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { take } from '../../helpers/workers/moves.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('pauses and resumes a queue, and wakes each lease and one poll', async () => {
  const { settings, wake, events } = queue.keys;
  await setPaused(redis.client, queue.keys, true);
  expect(await redis.client.hexists(settings, 'paused')).toBe(1);
  expect(await redis.client.xlen(wake)).toBe(3);
  await setPaused(redis.client, queue.keys, false);
  expect(await redis.client.exists(settings)).toBe(0);
  const kinds = (await redis.client.xrange(events, '-', '+')).map(([, fields]) => fields[1]);
  expect(kinds).toEqual(['paused', 'resumed']);
});

const kindsOf = async () =>
  (await redis.client.xrange(queue.keys.events, '-', '+')).map(([, fields]) => fields[1]);

describe('a pause with an end', () => {
  it('is over at its end for every reader, though no process is there to end it', async () => {
    const { settings } = queue.keys;
    const at = (await redisTime(redis.client)) + 200;
    expect(await setPaused(redis.client, queue.keys, true, { untilMs: at })).toBe(true);
    expect(await takeCensus(redis.client, queue.keys)).toMatchObject({ paused: true, pausedUntil: at });
    expect(await take(queue.one, queue.keys, { count: 1 })).toMatchObject({
      paused: true,
      nextDueInMs: expect.any(Number),
    });
    await untilAfter(redis, at);
    expect(await redis.client.hexists(settings, 'paused')).toBe(1);
    expect(await takeCensus(redis.client, queue.keys)).toMatchObject({
      paused: false,
      pausedUntil: undefined,
    });
    expect(await kindsOf()).toEqual(['paused']);
    // The first take says so, and leaves nothing behind.
    expect(await take(queue.one, queue.keys, { count: 1 })).toMatchObject({ paused: false });
    expect(await redis.client.exists(settings)).toBe(0);
    expect(await kindsOf()).toEqual(['paused', 'resumed']);
  });

  it('lets the recovery wake a worker for a due job once it is over', async () => {
    await queue.submit({ d: 1 }, 'parked');
    const at = (await redisTime(redis.client)) + 100;
    await setPaused(redis.client, queue.keys, true, { untilMs: at });
    const tokens = await redis.client.xlen(queue.keys.wake);
    await recover(redis.client, queue.keys);
    expect(await redis.client.xlen(queue.keys.wake)).toBe(tokens);
    await untilAfter(redis, at);
    await recover(redis.client, queue.keys);
    expect(await redis.client.xlen(queue.keys.wake)).toBe(tokens + 1);
  });

  it('is replaced by the next pause, with or without an end, and changes nothing when its end has passed', async () => {
    const now = await redisTime(redis.client);
    const census = () => takeCensus(redis.client, queue.keys);
    await setPaused(redis.client, queue.keys, true, { forMs: 60_000 });
    expect((await census()).pausedUntil).toBeGreaterThanOrEqual(now + 60_000);
    expect(await setPaused(redis.client, queue.keys, true, { untilMs: now - 1 })).toBe(false);
    expect((await census()).pausedUntil).toBeGreaterThanOrEqual(now + 60_000);
    await setPaused(redis.client, queue.keys, true);
    expect(await census()).toMatchObject({ paused: true, pausedUntil: undefined });
    expect(await kindsOf()).toEqual(['paused', 'paused']);
  });
});
