import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import type { JobEvent } from '../../src/schemas/event.ts';
import { EventsRead, Subscription } from '../../src/schemas/subscription.ts';
import { useApi } from '../helpers/api.ts';
import { useHandWorkers } from '../helpers/hand-worker.ts';
import { until, useRedis } from '../helpers/redis.ts';
import { expectProblem, expectShape } from '../helpers/shapes.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useHandWorkers(redis);

const KEPT = 10_000;

const at = (queue: string, name = 'sub') => `/queues/${queue}/subscriptions/${name}`;
const subscribe = (queue: string, options: object = {}, name = 'sub') =>
  api.http.put(at(queue, name)).send(options).expect(201);

interface Read {
  events: JobEvent[];
  lost?: number;
}

async function read(queue: string, wish: object = {}, name = 'sub'): Promise<Read> {
  const { body } = await api.http
    .post(`${at(queue, name)}/read`)
    .send(wish)
    .expect(200);
  expectShape(EventsRead, body);
  return body as Read;
}

const ack = async (queue: string, what: object, name = 'sub') =>
  (
    await api.http
      .post(`${at(queue, name)}/ack`)
      .send(what)
      .expect(200)
  ).body;

async function state(queue: string, name = 'sub'): Promise<Subscription> {
  const { body } = await api.http.get(at(queue, name)).expect(200);
  expectShape(Subscription, body);
  return body as Subscription;
}

const keysOf = (queue: string) => queueKeys('mr', queue);

/** Moves that each tell an event: one job is taken, and reports its progress as often as that makes so many. */
async function happen(queue: string, count: number): Promise<void> {
  const worker = await workerOf(queue);
  await api.submit({ task: 'echo', queue });
  const delivery = await worker.take();
  for (let done = 1; done < count; ) {
    const step = Math.min(500, count - done);
    await Promise.all(Array.from({ length: step }, (_, i) => worker.progress(delivery, done + i)));
    done += step;
  }
}

const progressIn = (events: readonly JobEvent[]) =>
  events.flatMap(({ progress }) => (typeof progress === 'number' ? [progress] : []));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('a subscription', () => {
  it('is made once, changed by what is given, listed, counted and removed', async () => {
    const { body } = await subscribe('made', { maxBacklog: 50_000 });
    expectShape(Subscription, body);
    expect(body).toMatchObject({ name: 'sub', queue: 'made', backlog: 0, lost: 0, maxBacklog: 50_000 });
    const again = await api.http.put(at('made')).send({ ackWaitMs: 200, from: 'oldest' }).expect(200);
    expect(again.body).toEqual({ ...body, ackWaitMs: 200 });
    await subscribe('made', {}, 'other');
    await api.http.post('/queues/made/pause').expect(200);
    const list = await api.http.get('/queues/made/subscriptions').expect(200);
    expect(list.body.items.map(({ name }: Subscription) => name)).toEqual(['other', 'sub']);
    const stats = await api.http.get('/queues/made/stats').expect(200);
    expect(stats.body.subscriptions).toEqual([
      { name: 'other', backlog: 1 },
      { name: 'sub', backlog: 1 },
    ]);
    expect(await redis.client.hget(keysOf('made').settings, 'hold')).toBe('100000');
    await api.http.delete(at('made', 'other')).expect(204);
    expect(await redis.client.hget(keysOf('made').settings, 'hold')).toBe('50000');
    await api.http.delete(at('made')).expect(204);
    expect(await redis.client.hget(keysOf('made').settings, 'hold')).toBeNull();
    expect(await redis.client.exists(keysOf('made').subscription('sub'), keysOf('made').subscriptions)).toBe(
      0,
    );
    expect((await api.http.get('/queues/made/stats')).body.subscriptions).toBeUndefined();
    expectProblem(await api.http.get(at('made')), 404, 'subscription-not-found');
    expectProblem(await api.http.delete(at('made')), 404, 'subscription-not-found');
    expectProblem(await api.http.post(`${at('made')}/read`), 404, 'subscription-not-found');
    expectProblem(
      await api.http.post(`${at('made')}/ack`).send({ upTo: '1-1-1' }),
      404,
      'subscription-not-found',
    );
  });

  it('begins with what comes, or with the oldest event', async () => {
    await happen('from', 3);
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

  it('hands out what was not acknowledged again, and counts it', async () => {
    await subscribe('again', { ackWaitMs: 100 });
    await happen('again', 3);
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
    }, 'what is due again');
    expect(again).toEqual([first.events[0], first.events[2]]);
    expect(await ack('again', { upTo: again[1]?.id })).toEqual({ acked: 2, unacked: 0 });
    const settled = await state('again');
    expect(settled).toMatchObject({ backlog: 0, unacked: 0, lost: 0 });
    expect(settled.oldestUnackedAt).toBeUndefined();
  });

  it('takes acknowledgements of single events of an entry', async () => {
    await subscribe('parts', { ackWaitMs: 100 });
    const worker = await workerOf('parts');
    for (let i = 0; i < 4; i += 1) await api.submit({ task: 'echo', queue: 'parts' });
    await worker.takeNow(4);
    const { events } = await read('parts', { max: 1 });
    expect(events).toHaveLength(4);
    expect(await ack('parts', { ids: [events[2]?.id] })).toEqual({ acked: 0, unacked: 1 });
    expect(await ack('parts', { upTo: events[0]?.id })).toEqual({ acked: 0, unacked: 1 });
    const rest = await read('parts', { waitMs: 10_000 });
    expect(rest.events).toEqual([events[1], events[3]]);
    expect(await ack('parts', { ids: rest.events.map(({ id }) => id) })).toEqual({ acked: 1, unacked: 0 });
    expect(await redis.client.hkeys(keysOf('parts').subscription('sub'))).toEqual([]);
  });

  it('leaves out types that are not wanted, for good', async () => {
    await subscribe('types', { ackWaitMs: 100 });
    const worker = await workerOf('types');
    await api.submit({ task: 'echo', queue: 'types' });
    await worker.complete(await worker.take(), 1);
    const { events } = await read('types', { types: ['completed'] });
    expect(events.map(({ type }) => type)).toEqual(['completed']);
    await ack('types', { ids: [events[0]?.id] });
    expect(await state('types')).toMatchObject({ backlog: 0, unacked: 0 });
  });

  it('is shared by those who read it, each event once', async () => {
    await subscribe('shared');
    await happen('shared', 200);
    const parts = await Promise.all(Array.from({ length: 8 }, () => read('shared', { max: 25 })));
    const all = parts.flatMap(({ events }) => progressIn(events));
    expect(all.sort((a, b) => a - b)).toEqual(upTo(199));
  });

  it('is read by many who wait at the cost of one', async () => {
    await subscribe('wait');
    await redis.client.config('RESETSTAT');
    const waiting = Array.from({ length: 50 }, () => read('wait', { waitMs: 20_000, max: 1 }));
    const calls = async (command = 'evalsha') => {
      const stats = await redis.client.info('commandstats');
      return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    };
    await until(async () => (await calls()) >= 51, 'all to have looked');
    const before = await calls();
    // The one read that they wait on comes back empty, and begins again.
    const reads = await calls('xread');
    await until(async () => (await calls('xread')) > reads, 'the next read');
    expect((await calls()) - before).toBeLessThan(5);
    await happen('wait', 50);
    const answers = await Promise.all(waiting);
    expect(answers.flatMap(({ events }) => events)).toHaveLength(50);
    expect(answers.every(({ events }) => events.length === 1)).toBe(true);
  });

  it('answers with nothing when the time is over', async () => {
    await subscribe('over');
    expect(await read('over', { waitMs: 50 })).toEqual({ events: [] });
  });

  it('refuses what it cannot read', async () => {
    await subscribe('bad');
    const post = (verb: string, body: object) => api.http.post(`${at('bad')}/${verb}`).send(body);
    expectProblem(await post('read', { max: 0 }), 400, 'invalid-request', ['/max']);
    expectProblem(await post('read', { waitMs: 30_001 }), 400, 'invalid-request', ['/waitMs']);
    expectProblem(await post('read', { types: ['x'] }), 400, 'invalid-request', ['/types/0']);
    expectProblem(await post('ack', {}), 400, 'invalid-request', ['']);
    expectProblem(await post('ack', { upTo: '1-1-1', ids: ['1-1-1'] }), 400, 'invalid-request', ['']);
    expectProblem(await post('ack', { upTo: 'x' }), 400, 'invalid-request', ['/upTo']);
    expectProblem(await post('ack', { ids: ['1-1-1', '1-1-200000'] }), 400, 'invalid-request', ['/ids/1']);
    const put = (body: object) => api.http.put(at('bad', 'new')).send(body);
    expectProblem(await put({ maxBacklog: 999 }), 400, 'invalid-request', ['/maxBacklog']);
    expectProblem(await put({ from: 'then' }), 400, 'invalid-request', ['/from']);
    expectProblem(await put({ other: 1 }), 400, 'invalid-request', ['/other']);
    expectProblem(await api.http.put(at('bad', '.x')).send({}), 400, 'invalid-request', ['/sub']);
    expectProblem(await api.http.get('/queues/nowhere/subscriptions'), 404, 'queue-not-found');
  });

  it('is one of a hundred at most', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, i) => subscribe('hundred', {}, `s${i}`)));
    expectProblem(await api.http.put(at('hundred')).send({}), 409, 'too-many-subscriptions');
  });
});

describe('a subscription that was away', { timeout: 60_000 }, () => {
  it('misses none of 22,000 events, and what was kept for it goes when it has read them', async () => {
    const count = 22_000;
    await subscribe('away');
    await happen('away', count);
    expect(await state('away')).toMatchObject({ backlog: count, lost: 0 });
    const seen: number[] = [];
    let length = 0;
    for (;;) {
      const { events, lost } = await read('away', { max: 1_000 });
      expect(lost).toBeUndefined();
      if (events.length === 0) break;
      seen.push(...progressIn(events));
      // Nothing that is not acknowledged is dropped, nor what others may look at.
      expect(await redis.client.xlen(keysOf('away').events)).toBeGreaterThanOrEqual(KEPT);
      await ack('away', { upTo: events.at(-1)?.id });
      length = await redis.client.xlen(keysOf('away').events);
    }
    // Reports that are sent together are noted in any order.
    expect(seen.sort((a, b) => a - b)).toEqual(upTo(count - 1));
    expect(length).toBeGreaterThanOrEqual(KEPT);
    expect(length).toBeLessThan(KEPT + 500);
    expect(await state('away')).toMatchObject({ backlog: 0, unacked: 0, lost: 0 });
  });

  it('for longer than its bound is told how much it has lost', async () => {
    const count = 13_000;
    await subscribe('bound', { maxBacklog: 1_000 });
    // Others are kept as ever.
    await happen('bound', count);
    const length = await redis.client.xlen(keysOf('bound').events);
    const lost = count - length;
    expect(lost).toBeGreaterThan(2_000);
    expect(await state('bound')).toMatchObject({ lost, backlog: length });
    const first = await read('bound', { max: 1_000 });
    expect(first.lost).toBe(lost);
    expect((await read('bound', { max: 1 })).lost).toBeUndefined();
    expect(await state('bound')).toMatchObject({ lost, backlog: length - 1_001, unacked: 1_001 });
    // What was handed out and is not kept any more is lost, too.
    await redis.client.xtrim(keysOf('bound').events, 'MAXLEN', length - 500);
    await api.http.put(at('bound')).send({ ackWaitMs: 100 }).expect(200);
    await until(async () => {
      await read('bound', { max: 1_000 });
      return (await state('bound')).lost === lost + 500;
    }, 'more that is lost');
  });

  it('does not lose its events to any move, whatever script tells it', async () => {
    const worker = await workerOf('moves');
    await subscribe('moves', { maxBacklog: 20_000 });
    await happen('moves', 12_000);
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

  it('goes on when its stream and group were destroyed, and says that something is lost', async () => {
    await subscribe('destroyed');
    await redis.client.del(keysOf('destroyed').events);
    await api.http.post('/queues/destroyed/pause').expect(200);
    const { events, lost } = await read('destroyed');
    expect(events.map(({ type }) => type)).toEqual(['paused']);
    expect(lost).toBe(1);
  });
});
