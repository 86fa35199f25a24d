import { describe, expect, it } from 'vitest';
import { entryTime } from '../../src/redis/job-id.ts';
import { redisTime } from '../../src/redis/server-time.ts';
import { ResetMessage } from '../../src/schemas/event-stream.ts';
import { expectShape } from '../helpers/api/expect-schema.ts';
import { useApi } from '../helpers/api/server.ts';
import { addTo, eventEntries, eventsOf, numbers, upTo } from '../helpers/events/event-entries.ts';
import { openStream, typesIn } from '../helpers/events/sse-client.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const { list, add } = eventEntries(redis);

describe('a reader that connects again', () => {
  it('gets a reset when events in between were trimmed, and continues with the oldest', async () => {
    await list('far');
    await add('far', 10);
    const stream = await openStream(api.origin, '/queues/far/events', { lastEventId: '0-0' });
    await stream.count(10);
    stream.close();
    await redis.client.xtrim(eventsOf('far'), 'MAXLEN', 4);
    for (const [i, gone] of [
      [2, true],
      [5, true],
      [6, false],
    ] as const) {
      const lastEventId = stream.messages[i]?.id;
      const again = await openStream(api.origin, '/queues/far/events', { lastEventId });
      const rest = gone ? 5 : 3;
      await again.count(rest);
      expect(typesIn(again.messages).filter((type) => type === 'reset')).toHaveLength(gone ? 1 : 0);
      expect(numbers(again.messages)).toEqual(gone ? [7, 8, 9, 10] : [8, 9, 10]);
      again.close();
      if (!gone) continue;
      const [reset] = again.messages;
      expectShape(ResetMessage, reset?.data);
      expect(reset?.data).toMatchObject({
        type: 'reset',
        reason: 'too-far-back',
        queue: 'far',
        id: reset?.id,
      });
      const onwards = await openStream(api.origin, '/queues/far/events', { lastEventId: reset?.id });
      await onwards.count(4);
      expect(numbers(onwards.messages)).toEqual([7, 8, 9, 10]);
      onwards.close();
    }
  });

  it('of all queues gets one reset for each trimmed queue', async () => {
    await list('far-a', 'far-b');
    await add('far-a', 1);
    const before = await openStream(api.origin, '/events');
    await add('far-b', 300);
    // Another queue has more than a page before the oldest kept entry.
    await add('far-a', 350, 2);
    await add('far-b', 400, 301);
    await before.count(1_050);
    before.close();
    await redis.client.xtrim(eventsOf('far-b'), 'MAXLEN', 400);
    const again = await openStream(api.origin, '/events', { lastEventId: before.messages[0]?.id });
    await again.count(751);
    expect(again.messages.filter(({ type }) => type === 'reset')).toMatchObject([
      { data: { reason: 'too-far-back', queue: 'far-b' } },
    ]);
    const numbersOf = (queue: string) =>
      numbers(again.messages.filter(({ data }) => data['queue'] === queue));
    expect(numbersOf('far-a')).toEqual(upTo(350, 2));
    expect(numbersOf('far-b')).toEqual(upTo(400, 301));
    again.close();
  });

  it('gets a reset when Redis was emptied', async () => {
    await list('emptied');
    await add('emptied', 3);
    const stream = await openStream(api.origin, '/queues/emptied/events', { lastEventId: '0-0' });
    await stream.count(3);
    stream.close();
    await redis.client.del(eventsOf('emptied'));
    const gone = await openStream(api.origin, '/queues/emptied/events', {
      lastEventId: stream.parser.lastId,
    });
    expect(await gone.message('reset')).toMatchObject({ data: { reason: 'events-replaced' } });
    await add('emptied', 2, 7);
    await gone.count(3);
    expect(numbers(gone.messages)).toEqual([7, 8]);
    gone.close();
    const again = await openStream(api.origin, '/queues/emptied/events', {
      lastEventId: stream.parser.lastId,
    });
    await again.count(3);
    expect(typesIn(again.messages)).toEqual(['reset', 'started', 'started']);
    again.close();
  });

  it('of all queues gets no reset when it has seen everything', async () => {
    await redis.client.flushall();
    await list('only');
    await add('only', 3);
    const last = (await redis.client.xrevrange(eventsOf('only'), '+', '-', 'COUNT', 1))[0]?.[0] ?? '';
    // A reader starts with the millisecond in which it connects.
    await until(async () => (await redisTime(redis.client)) > entryTime(last), 'the next millisecond');
    const first = await openStream(api.origin, '/events');
    await add('only', 1, 4);
    await first.count(1);
    await until(() => {
      api.app.streamHub.heartbeat();
      return first.parser.lastId.endsWith('~');
    }, 'a sign of life with a position between two events');
    first.close();
    const again = await openStream(api.origin, '/events', { lastEventId: first.parser.lastId });
    await add('only', 1, 5);
    await again.count(1);
    expect([numbers(first.messages), numbers(again.messages)]).toEqual([[4], [5]]);
    expect(typesIn([...first.messages, ...again.messages])).toEqual(['started', 'started']);
    again.close();
  });
});

describe('a reader that is up to date', () => {
  it('gets a reset when more events come at once than are kept', async () => {
    await list('burst');
    const live = await openStream(api.origin, '/queues/burst/events');
    await add('burst', 1);
    await live.count(1);
    await addTo(redis.client.multi(), 'burst', 2, 2).xtrim(eventsOf('burst'), 'MAXLEN', 1).exec();
    await live.count(3);
    expect(typesIn(live.messages)).toEqual(['started', 'reset', 'started']);
    expect(live.messages[1]?.data).toMatchObject({ reason: 'too-far-back', queue: 'burst' });
    expect(numbers(live.messages)).toEqual([1, 3]);
    live.close();
  });

  it('of all queues gets a reset, too', async () => {
    await list('burst-a', 'burst-b');
    const live = await openStream(api.origin, '/events');
    await add('burst-a', 1);
    await live.count(1);
    for (const first of [2, 702]) {
      // More entries are kept than one read returns.
      const burst = addTo(redis.client.multi(), 'burst-a', 700, first);
      await burst.xtrim(eventsOf('burst-a'), 'MAXLEN', 600).exec();
      await until(() => numbers(live.messages).includes(first + 699), 'the last event');
    }
    const resets = live.messages.filter(({ type }) => type === 'reset');
    expect(resets.map(({ data }) => `${data['reason']} ${data['queue']}`)).toEqual([
      'too-far-back burst-a',
      'too-far-back burst-a',
    ]);
    expect(numbers(live.messages)).toEqual([1, ...upTo(600, 102), ...upTo(600, 802)]);
    live.close();
  });
});
