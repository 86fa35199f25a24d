import { beforeEach, describe, expect, it } from 'vitest';
import { EventLog, type EventPage } from '../../src/events/event-log.ts';
import { parsePosition, START } from '../../src/events/position.ts';
import { entryTime } from '../../src/redis/job-id.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const logOf = (queue?: string) => new EventLog(redis.client, new KeySpace('mr'), queue);
const position = (id: string, ofAll = false) => parsePosition(id, ofAll) ?? START;
const ids = ({ chunks }: EventPage) => chunks.flatMap(({ events }) => events.map(({ event }) => event.id));

const add = (queue: string, id: string, refs = 'n1-0') =>
  redis.client.xadd(queueKeys('mr', queue).events, id, 'e', 'started', 'j', refs);

beforeEach(async () => {
  await redis.client.flushall();
  await redis.client.sadd('mr:queues', 'a', 'b');
});

const read = (log: EventLog, from: string, gaps = new Set<string>()) =>
  log.read({ position: position(from, log.ofAll), gaps }, true);

describe('EventLog of one queue', () => {
  it('reads the events after a position, in the middle of an entry too', async () => {
    await add('a', '5-0', 'n1-0 n2-0');
    await add('a', '6-0');
    const page = await read(logOf('a'), '5-0-1');
    expect(ids(page)).toEqual(['5-0-2', '6-0-1']);
    expect(page).toMatchObject({ more: false, gaps: [], queues: ['a'] });
    expect(logOf('a').format(page.position)).toBe('6-0');
  });

  it('reads all pages until nothing is left', async () => {
    for (let i = 1; i <= 250; i += 1) await add('a', `${i}-0`);
    const seen: string[] = [];
    for await (const page of logOf('a').pagesAfter(START)) seen.push(...ids(page));
    expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => `${i + 1}-0-1`));
  });

  it('splits many events into chunks', async () => {
    await add('a', '5-0', Array.from({ length: 700 }, (_, i) => `n${i}-0`).join(' '));
    const { chunks } = await read(logOf('a'), '0-0');
    expect(chunks.map(({ events }) => events.length)).toEqual([300, 300, 100]);
  });

  it('reports a gap where entries were trimmed, once', async () => {
    for (const id of ['5-0', '6-0', '7-0']) await add('a', id);
    await redis.client.xtrim(queueKeys('mr', 'a').events, 'MAXLEN', 1);
    const gaps = new Set<string>();
    const first = await read(logOf('a'), '5-0', gaps);
    expect(first.gaps).toMatchObject([{ reason: 'too-far-back', queue: 'a', position: { entry: '7-0' } }]);
    expect(ids(first)).toEqual(['7-0-1']);
  });

  it('starts again when the stream never gave the position', async () => {
    await add('a', '5-0');
    const page = await read(logOf('a'), '9-0');
    expect(page).toMatchObject({ gaps: [{ reason: 'events-replaced' }], position: START, more: true });
  });

  it('reaches its end without any event, so that a reader from the start does not read in a loop', async () => {
    const { position: end, more } = await read(logOf('a'), '0-0');
    expect({ end, more }).toEqual({ end: await logOf('a').now(), more: false });
    await add('a', '5-0');
    expect(ids(await logOf('a').read({ position: end, gaps: new Set() }, true))).toEqual(['5-0-1']);
  });

  it('is at the end of an empty stream before any event', async () => {
    const log = logOf('a');
    const now = await log.now();
    await add('a', '5-0');
    expect(ids(await log.read({ position: now, gaps: new Set() }, true))).toEqual(['5-0-1']);
  });
});

describe('EventLog of all queues', () => {
  it('merges the queues in the order of time', async () => {
    await add('b', '5-0');
    await add('a', '6-0');
    await add('a', '7-0');
    expect(ids(await read(logOf(), '0-0'))).toEqual(['5-0-1~b', '6-0-1~a', '7-0-1~a']);
    expect(ids(await read(logOf(), '5-0-1~b'))).toEqual(['6-0-1~a', '7-0-1~a']);
  });

  it('is at the present time of Redis', async () => {
    const [seconds] = await redis.client.time();
    const { entry } = await logOf().now();
    expect(Math.abs(entryTime(entry) - Number(seconds) * 1_000)).toBeLessThan(60_000);
  });

  it('holds back entries that others may still come before', async () => {
    const { entry } = await logOf().now();
    await add('a', `${entryTime(entry) + 3_600_000}-0`);
    const page = await read(logOf(), '0-0');
    expect(ids(page)).toEqual([]);
    expect(page.retryInMs).toBeGreaterThan(0);
  });

  it('goes back when the clock of Redis is behind the position', async () => {
    const { entry } = await logOf().now();
    const page = await read(logOf(), `${entryTime(entry) + 3_600_000}-0-1~a`);
    expect(page).toMatchObject({ gaps: [{ reason: 'clock-went-back' }], more: true });
    expect(entryTime(page.position.entry)).toBeLessThan(entryTime(entry) + 60_000);
  });
});
