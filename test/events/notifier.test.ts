import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { EventNotifier } from '../../src/events/notifier.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { openReader } from '../../src/redis/reads/open-reader.ts';
import type { StreamReader } from '../../src/redis/reads/stream-reader.ts';
import { scripts } from '../../src/scripts.ts';
import { PATIENCE_MS } from '../helpers/patience.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const keys = queueKeys('mr', 'q');
const add = (kind: string, refs: string, queue = keys) =>
  redis.client.xadd(queue.events, '*', 'e', kind, 'j', refs);

let reader: StreamReader;
let notifier: EventNotifier;

beforeEach(async () => {
  await redis.client.flushall();
  reader = openReader({ url: redis.url, name: 'test-blocking', scripts }, redis.client);
  await reader.whenReady(PATIENCE_MS);
  notifier = new EventNotifier(reader, redis.client, systemClock);
});

afterEach(async () => {
  await notifier.close();
  reader.disconnect();
});

/** Follows a job, and counts the hints. */
async function follow(ref: string, interest?: 'all' | 'end') {
  const seen = { hints: 0 };
  const unfollow = await notifier.follow(keys, ref, () => (seen.hints += 1), interest);
  return { seen, unfollow };
}

describe('EventNotifier', () => {
  it('calls the listeners of a job for every event after follow', async () => {
    await add('started', 'n1-0');
    const all = await follow('n1-0');
    const end = await follow('n1-0', 'end');
    const other = await follow('n2-0');
    await add('started', 'n1-0');
    await until(() => all.seen.hints === 1, 'a hint');
    await add('completed', 'n1-0');
    await until(() => all.seen.hints === 2 && end.seen.hints === 1, 'the end');
    expect(other.seen.hints).toBe(0);
  });

  it('calls no listener that has stopped following', async () => {
    const gone = await follow('n1-0');
    const stays = await follow('n1-0');
    gone.unfollow();
    await add('started', 'n1-0');
    await until(() => stays.seen.hints === 1, 'a hint');
    expect(gone.seen.hints).toBe(0);
  });

  it('wakes the watchers of a queue, and reads several queues', async () => {
    const other = queueKeys('mr', 'other');
    const woken = { q: 0, other: 0 };
    const unwatch = await notifier.watch(keys, () => (woken.q += 1));
    await notifier.watch(other, () => (woken.other += 1));
    await add('started', 'n1-0', other);
    await until(() => woken.other === 1, 'a wake-up');
    expect(woken.q).toBe(0);
    unwatch();
    await add('started', 'n1-0');
    await add('started', 'n1-0', other);
    await until(() => woken.other === 2, 'another wake-up');
    expect(woken.q).toBe(0);
  });

  it('remembers jobs that finished since a position', async () => {
    const position = await notifier.position(keys);
    const listener = await follow('n1-0', 'end');
    expect(notifier.mayHaveFinished(keys, 'n1-0', position)).toBe(false);
    await add('completed', 'n1-0 n2-0');
    await until(() => listener.seen.hints === 1, 'the end');
    expect(notifier.mayHaveFinished(keys, 'n2-0', position)).toBe(true);
    expect(notifier.mayHaveFinished(keys, 'n3-0', position)).toBe(false);
  });

  it('hints to all listeners after a fault, and doubts every older position', async () => {
    const position = await notifier.position(keys);
    const { seen } = await follow('n1-0');
    const isReading = async () =>
      /name=test-blocking .*cmd=xread /.test(String(await redis.client.client('LIST')));
    await until(isReading, 'an open read');
    await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(() => seen.hints > 0, 'a hint after the fault');
    expect(notifier.mayHaveFinished(keys, 'n3-0', position)).toBe(true);
    const before = seen.hints;
    await add('started', 'n1-0');
    await until(() => seen.hints > before, 'a hint of an event');
  });
});
