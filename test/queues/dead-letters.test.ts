import { beforeEach, describe, expect, it } from 'vitest';
import { purgeDeadLetters, retryDeadLetters } from '../../src/queues/dead-letters.ts';
import type { Ref } from '../../src/redis/job-id.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { bury, deliver, newQueueKeys, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
let keys: QueueKeys;
beforeEach(() => {
  keys = newQueueKeys();
});

async function fail(messages: readonly string[], at = Date.now()): Promise<Ref[]> {
  const refs = await putQueued(redis.client, keys, messages);
  await deliver(redis.client, keys, refs.length);
  for (const [i, ref] of refs.entries()) {
    await bury(redis.client, keys, ref, at, { name: 'TypeError', message: messages[i] ?? '' });
  }
  return refs;
}

const core = () => createTestCore(redis.client);
const dead = () => redis.client.zcard(keys.dead.normal);
const due = () => redis.client.zcard(keys.due.normal);

describe('dead letters', () => {
  it('are retried by their error, its name included', async () => {
    await fail(['no disk', 'no net', 'no disk']);
    expect(await retryDeadLetters(core(), keys, { error: 'TypeError: no disk' })).toEqual({ count: 2 });
    expect([await dead(), await due()]).toEqual([1, 2]);
  });

  it('are selected by their task', async () => {
    await fail(['a']);
    expect(await purgeDeadLetters(core(), keys, { task: 'other' })).toEqual({ count: 0 });
    expect(await purgeDeadLetters(core(), keys, { task: 'echo' })).toEqual({ count: 1 });
    expect(await redis.client.xlen(keys.stream.normal)).toBe(0);
  });

  it('are moved in bounded steps; each goes on where the last one ended', async () => {
    await fail(['a', 'b', 'c']);
    const first = await purgeDeadLetters(core(), keys, { limit: 2 });
    expect(first.count).toBe(2);
    const last = await purgeDeadLetters(core(), keys, { limit: 2, cursor: first.nextCursor ?? '' });
    expect(last).toEqual({ count: 1 });
    expect(await dead()).toBe(0);
  });

  it('that failed again since the first step are left alone', async () => {
    await fail(['a', 'b']);
    const first = await retryDeadLetters(core(), keys, { limit: 1 });
    await fail(['again'], Date.now() + 60_000);
    const last = await retryDeadLetters(core(), keys, { limit: 10, cursor: first.nextCursor ?? '' });
    expect([first.count, last.count, await dead()]).toEqual([1, 1, 1]);
  });
});
