import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Channel } from '../../src/events/channel.ts';
import { EventLog } from '../../src/events/event-log.ts';
import { parsePosition, START } from '../../src/events/position.ts';
import type { Reader } from '../../src/events/subscribers.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const key = queueKeys('mr', 'q').events;
const add = (id: string) => redis.client.xadd(key, id, 'e', 'started', 'j', 'n1-0');

interface TestReader extends Reader {
  readonly seen: string[];
  readonly idles: (string | undefined)[];
  failed: boolean;
  isClosed: boolean;
}

function newReader(): TestReader {
  const reader: TestReader = {
    job: undefined,
    isClosed: false,
    failed: false,
    seen: [],
    idles: [],
    deliver: ({ events }) => reader.seen.push(...events.map(({ event }) => event.id)),
    reset: ({ reason }) => reader.seen.push(reason),
    ready: async () => undefined,
    idle: (id) => reader.idles.push(id),
    fail: () => {
      reader.failed = true;
    },
  };
  return reader;
}

let channel: Channel;
let wake: () => void;
let watched: boolean;
let defects: unknown[];
let readers: TestReader[];

beforeEach(async () => {
  await redis.client.flushall();
  defects = [];
  readers = [];
  watched = false;
  const watch = async (_queue: string, onEvent: () => void) => {
    wake = onEvent;
    watched = true;
    return () => {
      watched = false;
    };
  };
  const log = new EventLog(redis.client, new KeySpace('mr'), 'q');
  channel = new Channel(log, watch, (error) => defects.push(error));
});

afterEach(async () => {
  for (const reader of readers) channel.leave(reader);
  await channel.stop();
});

async function serve(from: string): Promise<TestReader> {
  const reader = newReader();
  readers.push(reader);
  await channel.serve(reader, parsePosition(from, false) ?? START);
  return reader;
}

describe('Channel', () => {
  it('delivers past events first, then new ones, to every reader once', async () => {
    for (const id of ['1-0', '2-0']) await add(id);
    const [all, some] = [await serve('0-0'), await serve('1-0-1')];
    await until(() => watched, 'the watch');
    await add('3-0');
    wake();
    await until(() => all.seen.length === 3 && some.seen.length === 2, 'the new event');
    expect(all.seen).toEqual(['1-0-1', '2-0-1', '3-0-1']);
    expect(some.seen).toEqual(['2-0-1', '3-0-1']);
  });

  it('delivers no event twice to a reader that has read further than the others', async () => {
    const first = await serve('0-0');
    await until(() => watched, 'the watch');
    // The read that follows the watch is sent before the PING, so its reply comes first.
    await new Promise(setImmediate);
    await redis.client.ping();
    // No wake-up: the others read this event only with the next one.
    await add('1-0');
    const ahead = await serve('0-0');
    await add('2-0');
    wake();
    await until(() => first.seen.length === 2 && ahead.seen.length >= 2, 'both events');
    expect(first.seen).toEqual(['1-0-1', '2-0-1']);
    expect(ahead.seen).toEqual(['1-0-1', '2-0-1']);
  });

  it('reports gaps to a reader that starts too far back', async () => {
    for (const id of ['1-0', '2-0', '3-0']) await add(id);
    await redis.client.xtrim(key, 'MAXLEN', 1);
    expect((await serve('1-0-1')).seen).toEqual(['too-far-back', '3-0-1']);
  });

  it('gives readers the present position as a sign of life', async () => {
    await add('1-0');
    const reader = await serve('0-0');
    channel.idle();
    expect(reader.idles).toEqual(['1-0']);
  });

  it('stops watching and reading once the last reader has left', async () => {
    const reader = await serve('0-0');
    await until(() => watched, 'the watch');
    expect(channel.isIdle).toBe(false);
    channel.leave(reader);
    expect(channel.isIdle).toBe(true);
    await channel.stop();
    expect(watched).toBe(false);
  });

  it('ends all readers and reports a defect when the events cannot be read', async () => {
    const reader = await serve('0-0');
    await until(() => watched, 'the watch');
    await redis.client.set(key, 'text');
    wake();
    await until(() => reader.failed, 'the failure');
    expect(defects).toEqual([expect.objectContaining({ message: expect.stringContaining('WRONGTYPE') })]);
    expect(channel.isIdle).toBe(true);
  });
});
