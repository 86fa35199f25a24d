import { describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { keysOf, progressIn, type Read, upTo, useSubscriptions } from '../helpers/events/subscriptions.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import { useManualWorkers } from '../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const { subscribe, read, ack, state, reportProgress, addEntries } = useSubscriptions(redis, api, workerOf);

describe('Subscriptions: a subscription', () => {
  it('starts with new events, or with the oldest event', async () => {
    await reportProgress('from', 3);
    await subscribe('from');
    await subscribe('from', { from: 'oldest' }, 'old');
    expect(await state('from', 'old')).toMatchObject({ backlog: 3 });
    expect((await read('from')).events).toEqual([]);
    expect((await read('from', {}, 'old')).events.map(({ type }) => type)).toEqual([
      'started',
      'progress',
      'progress',
    ]);
  });

  it('delivers events again that were not acknowledged, and counts them', async () => {
    await subscribe('again', { ackWaitMs: 100 });
    await reportProgress('again', 3);
    const first = await read('again');
    expect(await state('again')).toMatchObject({
      backlog: 0,
      unacked: 3,
      oldestUnackedAt: first.events[0]?.at,
    });
    expect(await ack('again', { ids: [first.events[1]?.id] })).toEqual({ acked: 1, unacked: 2 });
    const again = await until(async () => {
      const { events } = await read('again');
      return events.length > 0 && events;
    }, 'events that are due again');
    expect(again).toEqual([first.events[0], first.events[2]]);
    expect(await ack('again', { upTo: again[1]?.id })).toEqual({ acked: 2, unacked: 0 });
    const settled = await state('again');
    expect(settled).toMatchObject({ backlog: 0, unacked: 0, lost: 0 });
    expect(settled.oldestUnackedAt).toBeUndefined();
  });

  it('accepts acknowledgements of single events of an entry', async () => {
    await subscribe('parts', { ackWaitMs: 100 });
    const worker = await workerOf('parts');
    for (let i = 0; i < 4; i += 1) await api.submit({ task: 'echo', queue: 'parts' });
    await worker.takeNow(4);
    const { events } = await read('parts', { max: 1 });
    expect(events).toHaveLength(4);
    expect(await ack('parts', { ids: [events[2]?.id] })).toEqual({ acked: 0, unacked: 1 });
    expect(await ack('parts', { upTo: events[0]?.id })).toEqual({ acked: 0, unacked: 1 });
    const rest = await read('parts', { waitMs: 30_000 });
    expect(rest.events).toEqual([events[1], events[3]]);
    expect(await ack('parts', { ids: rest.events.map(({ id }) => id) })).toEqual({ acked: 1, unacked: 0 });
    expect(await redis.client.hkeys(keysOf('parts').subscription('sub'))).toEqual([]);
  });

  it('acknowledges events of unwanted types', async () => {
    await subscribe('types', { ackWaitMs: 100 });
    const worker = await workerOf('types');
    await api.submit({ task: 'echo', queue: 'types' });
    await worker.complete(await worker.take(), 1);
    const { events } = await read('types', { types: ['completed'] });
    expect(events.map(({ type }) => type)).toEqual(['completed']);
    await ack('types', { ids: [events[0]?.id] });
    expect(await state('types')).toMatchObject({ backlog: 0, unacked: 0 });
  });

  it('delivers each event to one of many readers', async () => {
    await subscribe('shared');
    await reportProgress('shared', 200);
    const parts = await Promise.all(Array.from({ length: 8 }, () => read('shared', { max: 25 })));
    const all = parts.flatMap(({ events }) => progressIn(events));
    expect(all.sort((a, b) => a - b)).toEqual(upTo(199));
  });

  it('costs Redis one reader, however many wait', async () => {
    await subscribe('wait');
    await redis.client.config('RESETSTAT');
    const waiting = Array.from({ length: 50 }, () => read('wait', { waitMs: 30_000, max: 1 }));
    const calls = async (command = 'evalsha') => {
      const stats = await redis.client.info('commandstats');
      return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    };
    await until(async () => (await calls()) >= 51, 'a first read of all');
    const before = await calls();
    // One event at a time. Each goes to the first of the waiting readers.
    let answered = 0;
    for (const answer of waiting) void answer.then(() => (answered += 1));
    for (let added = 1; added <= 50; added += 1) {
      await addEntries('wait', 1);
      await until(() => answered === added, 'an answer');
    }
    // One read gets the event, and one read of the next reader finds nothing yet.
    expect((await calls()) - before).toBeLessThan(150);
    const answers = await Promise.all(waiting);
    expect(answers.every(({ events }) => events.length === 1)).toBe(true);
  });

  it('answers without events when the wait is over', async () => {
    await subscribe('over');
    expect(await read('over', { waitMs: 50 })).toEqual({ events: [] });
  });

  it('delivers about as many events as requested, however many an entry has', async () => {
    await subscribe('sizes', { ackWaitMs: 100 });
    await addEntries('sizes', 1);
    await addEntries('sizes', 100, 50);
    const { events } = await read('sizes', { max: 100 });
    expect(events.length).toBeGreaterThanOrEqual(100);
    expect(events.length).toBeLessThan(1_000);
    const again = await until(async () => {
      const seen = await read('sizes', { max: 100 });
      return seen.events[0]?.id === events[0]?.id && seen.events;
    }, 'events that are due again');
    expect(again.length).toBeLessThan(1_000);
  });

  it('acknowledges nothing before the start', async () => {
    await subscribe('start');
    await reportProgress('start', 2);
    await read('start');
    expect(await ack('start', { upTo: '0-0' })).toEqual({ acked: 0, unacked: 2 });
    expect(await ack('start', { ids: ['0-0'] })).toEqual({ acked: 0, unacked: 2 });
  });

  it('acknowledges 25,000 entries in several short calls', async () => {
    const count = 25_000;
    await subscribe('many');
    await addEntries('many', count);
    const { events } = keysOf('many');
    const read = await redis.client.xreadgroup(
      'GROUP',
      'sub:sub',
      'reader',
      'COUNT',
      count,
      'STREAMS',
      events,
      '>',
    );
    const [[, entries] = []] = read as [key: string, entries: [id: string, fields: string[]][]][];
    const ids = entries?.map(([id]) => id) ?? [];
    const calls = async () =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.client.info('commandstats'))?.[1] ?? 0);
    const before = await calls();
    expect(await ack('many', { upTo: ids[20_000] })).toEqual({ acked: 20_001, unacked: 4_999 });
    const between = await calls();
    expect(between - before).toBeGreaterThan(3);
    expect(await ack('many', { ids: ids.slice(20_000, 24_000) })).toEqual({ acked: 3_999, unacked: 1_000 });
    expect((await calls()) - between).toBeGreaterThan(3);
  });

  it('says that there may be more when a read found no wanted type', async () => {
    await subscribe('rare');
    await addEntries('rare', 45);
    const request = { types: ['failed'], max: 1 };
    const answers: Read[] = [];
    do answers.push(await read('rare', request));
    while (answers.at(-1)?.more === true);
    expect(answers).toEqual([{ events: [], more: true }, { events: [], more: true }, { events: [] }]);
    expect(await state('rare')).toMatchObject({ backlog: 0, unacked: 0 });
  });

  it('deletes the acknowledgements of entries that were trimmed', async () => {
    for (const how of ['trimmed', 'destroyed']) {
      const { events, subscription } = keysOf(how);
      await subscribe(how);
      await addEntries(how, 1, 3);
      const first = await read(how);
      await ack(how, { ids: [first.events[1]?.id] });
      expect(await redis.client.hlen(subscription('sub'))).toBe(1);
      if (how === 'trimmed') await redis.client.xtrim(events, 'MAXLEN', 0);
      else await redis.client.del(events);
      expect(await read(how)).toEqual({ events: [], lost: 1 });
      expect(await redis.client.hgetall(subscription('sub'))).toEqual({ lost: '1' });
    }
  });
});
