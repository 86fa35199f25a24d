import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { openStream } from '../../helpers/events/sse-client.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const eventsOf = (queue: string) => queueKeys('mr', queue).events;

/** Writes an entry as a move does; its id is given only where the test is about it. */
const add = (queue: string, refs: string, id = '*') =>
  redis.client.xadd(eventsOf(queue), id, 'e', 'started', 'j', refs);

const list = (...queues: string[]) => redis.client.sadd('mr:queues', ...queues);

const shown = (messages: readonly { data: Record<string, unknown> }[]) =>
  messages.map(({ data }) => `${data['queue']} ${String(data['job']).split('~')[1]}`);

describe('the events of all queues', () => {
  it('are ordered by time, then by queue, and resume after any of them', async () => {
    await list('a', 'b', 'c');
    await add('b', 'n1-0 n2-0', '1000-0');
    await add('a', 'n3-0', '1000-1');
    await add('c', 'n4-0', '1000-0');
    await list('d');
    await add('d', 'n7-0', '998-0');
    const all = await openStream(api.origin, '/events', { lastEventId: '0-0' });
    const order = ['d n7-0', 'b n1-0', 'b n2-0', 'c n4-0', 'a n3-0'];
    await all.count(order.length);
    expect(shown(all.messages)).toEqual(order);
    all.close();
    for (const [i, { id }] of all.messages.entries()) {
      const rest = await openStream(api.origin, '/events', { lastEventId: id });
      const last = await api.http.post('/queues/e/pause').expect(200);
      expect(last.body.name).toBe('e');
      await rest.message('paused');
      const own = rest.messages.filter(({ type }) => type === 'started');
      expect(shown(own)).toEqual(order.slice(i + 1));
      rest.close();
    }
  });

  it('include queues that appear during a stream', async () => {
    const stream = await openStream(api.origin, '/events');
    await api.http.post('/queues/fresh/pause').expect(200);
    const { data } = await stream.message('paused');
    expect(data).toMatchObject({ queue: 'fresh' });
    stream.close();
  });

  it('come once and in order while many queues change concurrently', async () => {
    const queues = Array.from({ length: 20 }, (_, i) => `many-${i}`);
    await list(...queues);
    const stream = await openStream(api.origin, '/events');
    for (let round = 1; round <= 50; round += 1) {
      await Promise.all(queues.map((queue) => add(queue, `n${round}-0 n${round}-1`)));
    }
    await stream.count(2_000);
    const again = await openStream(api.origin, '/events', { lastEventId: stream.messages[0]?.id });
    await again.count(1_999);
    const places = stream.messages.map(({ id }) => {
      const [, ms = '', seq = '', n = '', queue = ''] = /^(\d+)-(\d+)-(\d+)~(.+)$/.exec(id) ?? [];
      return [ms.padStart(15, '0'), seq.padStart(8, '0'), queue, n].join(' ');
    });
    expect(places).toEqual([...places].sort());
    expect(new Set(places).size).toBe(2_000);
    expect(again.messages).toEqual(stream.messages.slice(1));
    stream.close();
    again.close();
  });

  it('send a reset when the clock of Redis has gone back', async () => {
    const future = `${Date.now() + 3_600_000}-0-1~a`;
    const stream = await openStream(api.origin, '/events', { lastEventId: future });
    expect(await stream.message('reset')).toMatchObject({ data: { reason: 'clock-went-back' } });
    await api.http.post('/queues/a/pause').expect(200);
    expect(await stream.message('paused')).toMatchObject({ data: { queue: 'a' } });
    stream.close();
  });
});
