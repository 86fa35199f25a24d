import { describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { at, keysOf, progressIn, upTo, useSubscriptions } from '../helpers/events/subscriptions.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import { useManualWorkers } from '../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const { subscribe, read, ack, state, reportProgress, addEntries } = useSubscriptions(redis, api, workerOf);

const KEPT = 10_000;

const entryIds = async (queue: string) =>
  (await redis.client.xrange(keysOf(queue).events, '-', '+')).map(([id]) => id);

describe('a subscription without a reader for a long time', () => {
  it('gets all of 22,000 events, and the stream shrinks once they are read', async () => {
    const count = 22_000;
    await subscribe('away');
    await reportProgress('away', count);
    expect(await state('away')).toMatchObject({ backlog: count, lost: 0 });
    const seen: number[] = [];
    let length = 0;
    for (;;) {
      const { events, lost } = await read('away', { max: 1_000 });
      expect(lost).toBeUndefined();
      if (events.length === 0) break;
      seen.push(...progressIn(events));
      // Neither unacknowledged entries nor the last 10,000 are dropped.
      expect(await redis.client.xlen(keysOf('away').events)).toBeGreaterThanOrEqual(KEPT);
      await ack('away', { upTo: events.at(-1)?.id });
      length = await redis.client.xlen(keysOf('away').events);
    }
    // Reports sent at the same time are stored in any order.
    expect(seen.sort((a, b) => a - b)).toEqual(upTo(count - 1));
    expect(length).toBeGreaterThanOrEqual(KEPT);
    expect(length).toBeLessThan(KEPT + 500);
    expect(await state('away')).toMatchObject({ backlog: 0, unacked: 0, lost: 0 });
  });

  it('gets an entry that is due again among 10,500 that are not', async () => {
    const count = 10_500;
    await subscribe('many', { ackWaitMs: 600_000 });
    await addEntries('many', count);
    for (let seen = 0; seen < count; ) seen += (await read('many', { max: 1_000 })).events.length;
    const { events: stream, subscription } = keysOf('many');
    const ids = await entryIds('many');
    for (const [from, due] of [
      ['0-0', ids.at(-1) ?? ''],
      [ids.at(-2) ?? '', ids[0] ?? ''],
    ] as const) {
      await redis.client.hset(subscription('sub'), 'from', from);
      await redis.client.call('XCLAIM', stream, 'sub:sub', 'reader', 0, due, 'IDLE', 700_000, 'JUSTID');
      expect((await read('many', { max: 1 })).events).toMatchObject([{ id: `${due}-1` }]);
    }
  });

  it('gets the number of entries that it lost beyond its maxBacklog', async () => {
    const count = 13_000;
    await subscribe('bound', { maxBacklog: 1_000 });
    // The last 10,000 entries are still kept.
    await reportProgress('bound', count);
    const length = await redis.client.xlen(keysOf('bound').events);
    const lost = count - length;
    expect(lost).toBeGreaterThan(2_000);
    expect(await state('bound')).toMatchObject({ lost, backlog: length });
    const first = await read('bound', { max: 1_000 });
    expect(first.lost).toBe(lost);
    expect((await read('bound', { max: 1 })).lost).toBeUndefined();
    expect(await state('bound')).toMatchObject({ lost, backlog: length - 1_001, unacked: 1_001 });
    // A delivered entry that is trimmed is lost, too.
    await redis.client.xtrim(keysOf('bound').events, 'MAXLEN', length - 500);
    await api.http.put(at('bound')).send({ ackWaitMs: 100 }).expect(200);
    await until(async () => {
      await read('bound', { max: 1_000 });
      return (await state('bound')).lost === lost + 500;
    }, 'more lost entries');
  });

  it('loses no event to any script that writes events', async () => {
    const worker = await workerOf('moves');
    await subscribe('moves', { maxBacklog: 20_000 });
    await reportProgress('moves', 12_000);
    const job = await api.submit({ task: 'echo', queue: 'moves', attempts: 2 });
    const first = await worker.take();
    await worker.retry(first, 0);
    await worker.bury(await worker.take());
    await api.http.post(`/jobs/${job.id}/retry`).expect(202);
    await worker.complete(await worker.take(), 1);
    const other = await api.submit({ task: 'echo', queue: 'moves' });
    await api.http.post(`/jobs/${other.id}/cancel`).expect(200);
    await api.http.post('/queues/moves/pause').expect(200);
    expect(await redis.client.xlen(keysOf('moves').events)).toBe(12_009);
    await api.http.delete(at('moves')).expect(204);
    expect(await redis.client.xlen(keysOf('moves').events)).toBeLessThan(KEPT + 500);
  });

  it('continues after its stream and group were deleted, and reports the loss', async () => {
    await subscribe('destroyed');
    await redis.client.del(keysOf('destroyed').events);
    await api.http.post('/queues/destroyed/pause').expect(200);
    const { events, lost } = await read('destroyed');
    expect(events.map(({ type }) => type)).toEqual(['paused']);
    expect(lost).toBe(1);
  });

  it('still reports the loss when it was changed in between', async () => {
    await subscribe('changed');
    await redis.client.del(keysOf('changed').events);
    await api.http.post('/queues/changed/pause').expect(200);
    await api.http.put(at('changed')).send({ ackWaitMs: 1_000 }).expect(200);
    const { events, lost } = await read('changed');
    expect(events.map(({ type }) => type)).toEqual(['paused']);
    expect(lost).toBe(1);
  });

  it('keeps as many entries as its own maxBacklog allows, whatever the others keep', async () => {
    const { events } = keysOf('held');
    await subscribe('held', { maxBacklog: 1_000 }, 'unread');
    await subscribe('held', { maxBacklog: 1_000 }, 'stuck');
    await subscribe('held', { maxBacklog: 15_000 }, 'long');
    await subscribe('held', { maxBacklog: 1_000_000 }, 'quick');
    await addEntries('held', 22_000);
    // Only the first entry of this subscription stays pending.
    await redis.client.xreadgroup('GROUP', 'sub:stuck', 'reader', 'COUNT', 22_000, 'STREAMS', events, '>');
    const { events: first } = await read('held', { max: 1 }, 'long');
    await redis.client.xack(events, 'sub:stuck', ...(await entryIds('held')).slice(1));
    const drain = async () => {
      for (;;) {
        const seen = await read('held', { max: 1_000 }, 'quick');
        if (seen.events.length === 0) break;
        await ack('held', { upTo: seen.events.at(-1)?.id }, 'quick');
      }
      return redis.client.xlen(events);
    };
    const length = await drain();
    expect(length).toBeGreaterThanOrEqual(15_000);
    expect(length).toBeLessThan(15_500);
    expect((await state('held', 'unread')).lost).toBe(22_000 - length);
    await ack('held', { upTo: first[0]?.id }, 'long');
    await api.http.delete(at('held', 'long')).expect(204);
    const rest = await redis.client.xlen(events);
    expect(rest).toBeGreaterThanOrEqual(KEPT);
    expect(rest).toBeLessThan(KEPT + 500);
    // Deleting one subscription drops no entry that another one needs.
    await subscribe('held', { maxBacklog: 20_000 }, 'long');
    await addEntries('held', 12_000);
    expect(await drain()).toBeGreaterThanOrEqual(12_000);
    expect(await state('held', 'long')).toMatchObject({ backlog: 12_000, lost: 0 });
  });
});
