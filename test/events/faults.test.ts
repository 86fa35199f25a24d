import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { startApi, useApi } from '../helpers/api.ts';
import { type Message, openStream, typesIn } from '../helpers/event-stream.ts';
import { until, useRedis } from '../helpers/redis.ts';
import { send } from '../helpers/send.ts';
import { expectProblem } from '../helpers/shapes.ts';
import { requestText } from '../helpers/wire.ts';

const redis = useRedis({ persistent: true });
const api = useApi(redis);

const keysOf = (queue: string) => queueKeys('mr', queue);
const list = (queue: string) => redis.client.sadd('mr:queues', queue);

/** Writes entries of one event each, numbered from `first` on. */
async function add(queue: string, count: number, first = 1): Promise<void> {
  const pipeline = redis.client.pipeline();
  for (let i = first; i < first + count; i += 1) {
    pipeline.xadd(keysOf(queue).events, '*', 'e', 'started', 'j', `n${i}-0`);
  }
  await pipeline.exec();
}

const numbers = (messages: readonly Message[]) =>
  messages
    .filter(({ type }) => type === 'started')
    .map(({ data }) => Number.parseInt(String(data['job']).split('~n')[1] ?? '', 36));
const upTo = (count: number, first = 1) => Array.from({ length: count }, (_, i) => first + i);

describe('a reader that comes back', () => {
  it('is told when events in between are gone, and goes on with the oldest', async () => {
    await list('far');
    await add('far', 10);
    const stream = await openStream(api.origin, '/queues/far/events', { lastEventId: '0-0' });
    await stream.count(10);
    stream.close();
    await redis.client.xtrim(keysOf('far').events, 'MAXLEN', 4);
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

  it('of all queues is told likewise, once for each queue', async () => {
    await list('far-a');
    await list('far-b');
    await add('far-a', 1);
    const before = await openStream(api.origin, '/events');
    await add('far-b', 300);
    // More than a page of another queue before the oldest that is kept.
    await add('far-a', 350, 2);
    await add('far-b', 400, 301);
    await before.count(1_050);
    before.close();
    await redis.client.xtrim(keysOf('far-b').events, 'MAXLEN', 400);
    const again = await openStream(api.origin, '/events', { lastEventId: before.messages[0]?.id });
    await again.count(751);
    expect(again.messages.filter(({ type }) => type === 'reset')).toMatchObject([
      { data: { reason: 'too-far-back', queue: 'far-b' } },
    ]);
    const told = (queue: string) => numbers(again.messages.filter(({ data }) => data['queue'] === queue));
    expect(told('far-a')).toEqual(upTo(350, 2));
    expect(told('far-b')).toEqual(upTo(400, 301));
    again.close();
  });

  it('is told when Redis was emptied', async () => {
    await list('emptied');
    await add('emptied', 3);
    const stream = await openStream(api.origin, '/queues/emptied/events', { lastEventId: '0-0' });
    await stream.count(3);
    stream.close();
    await redis.client.del(keysOf('emptied').events);
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
});

describe('a reader', () => {
  it('goes on when Redis was away, and misses nothing', async () => {
    await list('away');
    const live = await openStream(api.origin, '/queues/away/events');
    const all = await openStream(api.origin, '/events?type=started');
    await add('away', 50);
    await live.count(50);
    await all.count(50);
    await redis.server.kill();
    redis.replace(await redis.server.restart());
    await until(() => redis.client.ping().then(Boolean, () => false), 'Redis');
    await add('away', 50, 51);
    await live.count(100);
    await all.count(100);
    expect(numbers(live.messages)).toEqual(upTo(100));
    expect(numbers(all.messages)).toEqual(upTo(100));
    live.close();
    all.close();
  });

  it('is told when so much happened during a fault that some is gone', async () => {
    await list('flood');
    const live = await openStream(api.origin, '/queues/flood/events');
    await add('flood', 1);
    await live.count(1);
    // For the service this is a fault of the connection; the test's own is not cut.
    await redis.client
      .multi()
      .xadd(keysOf('flood').events, '*', 'e', 'started', 'j', 'n2-0')
      .xadd(keysOf('flood').events, '*', 'e', 'started', 'j', 'n3-0')
      .xtrim(keysOf('flood').events, 'MAXLEN', 1)
      .call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      .exec();
    await live.message('reset');
    await live.count(3);
    expect(numbers(live.messages)).toEqual([1, 3]);
    live.close();
  });

  it('that does not read is dropped, and holds up nobody', async () => {
    await list('slow');
    const { hostname, port } = new URL(api.origin);
    const slow = connect(Number(port), hostname);
    let received = '';
    slow.write(requestText('GET', '/queues/slow/events'));
    await new Promise((resolve) => slow.once('data', resolve));
    slow.pause();
    const quick = await openStream(api.origin, '/queues/slow/events');
    const refs = upTo(1_000)
      .map((i) => `n${i}-0`)
      .join(' ');
    // More than the kernel and the service keep for one reader.
    const rounds = 100;
    for (let i = 0; i < rounds; i += 1) {
      await redis.client.xadd(keysOf('slow').events, '*', 'e', 'started', 'j', refs);
    }
    await quick.count(rounds * 1_000);
    expect(quick.response.complete).toBe(false);
    quick.close();
    slow.on('data', (chunk) => {
      received = (received + String(chunk)).slice(-1_000);
    });
    slow.resume();
    await new Promise((resolve) => slow.once('close', resolve));
    expect(received).toContain('event: dropped\ndata: {"type":"dropped","reason":"too-slow"}');
  });

  it('that takes nothing for some heartbeats is dropped while it is still told of the past', async () => {
    await list('stalled');
    const refs = upTo(1_000)
      .map((i) => `n${i}-0`)
      .join(' ');
    for (let i = 0; i < 100; i += 1) {
      await redis.client.xadd(keysOf('stalled').events, '*', 'e', 'started', 'j', refs);
    }
    const { hostname, port } = new URL(api.origin);
    const stalled = connect(Number(port), hostname);
    stalled.write(requestText('GET', '/queues/stalled/events', { 'last-event-id': '0-0' }));
    await new Promise((resolve) => stalled.once('data', resolve));
    stalled.pause();
    let received = '';
    await until(() => {
      api.app.eventHub.beat();
      return stalled.readableLength > 0;
    }, 'bytes that wait');
    const sockets = () => new Promise<number>((done) => api.app.server.getConnections((_, n) => done(n)));
    await until(async () => {
      api.app.eventHub.beat();
      return (await sockets()) === 0;
    }, 'the end of the connection');
    stalled.on('data', (chunk) => {
      received = (received + String(chunk)).slice(-1_000);
    });
    stalled.resume();
    await new Promise((resolve) => stalled.once('close', resolve));
    expect(received).not.toContain('too-slow');
  });

  it('is let go when its client goes', async () => {
    await list('leaves');
    const stream = await openStream(api.origin, '/queues/leaves/events');
    const channel = api.app.eventHub.channel('leaves');
    await until(() => !channel.isIdle, 'a reader');
    stream.close();
    await until(() => channel.isIdle, 'no reader');
  });
});

describe('a service', () => {
  it('that stops ends all streams at once', async () => {
    const other = await startApi(redis.url);
    await list('stops');
    const streams = [
      await openStream(other.origin, '/queues/stops/events'),
      await openStream(other.origin, '/events'),
    ];
    await other.app.close();
    for (const stream of streams) {
      await stream.ended;
      expect(stream.messages.at(-1)).toMatchObject({ type: 'dropped', data: { reason: 'service-stops' } });
    }
  });

  it('takes only so many readers', async () => {
    const other = await startApi(redis.url, { MAX_WAITERS: '2' });
    await list('limited');
    const one = await openStream(other.origin, '/queues/limited/events');
    const two = await openStream(other.origin, '/events');
    const refused = await send(other.origin, { method: 'GET', path: '/queues/limited/events' });
    expectProblem(refused, 503, 'too-many-waiters');
    expect(refused.headers['retry-after']).toBe('1');
    one.close();
    const three = await until(
      () =>
        openStream(other.origin, '/queues/limited/events').then(
          (stream) => stream.response.statusCode === 200 && stream,
        ),
      'room',
    );
    two.close();
    three.close();
    await other.app.close();
  });
});
