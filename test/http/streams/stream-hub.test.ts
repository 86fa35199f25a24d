import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { StreamResponse } from '../../../src/http/streams/stream-response.ts';
import { createObserver, type ServiceEvent } from '../../../src/observer.ts';
import { DroppedMessage } from '../../../src/schemas/event-stream.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { send } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { requestText } from '../../helpers/api/wire.ts';
import { eventEntries, eventsOf, numbers, upTo } from '../../helpers/events/event-entries.ts';
import { openStream } from '../../helpers/events/sse-client.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis({ persistent: true });
const api = useApi(redis);
const { list, add } = eventEntries(redis);

describe('an event stream', () => {
  it('continues after a Redis restart without losing an event', async () => {
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

  it('sends a reset when events were trimmed while the connection was broken', async () => {
    await list('flood');
    const live = await openStream(api.origin, '/queues/flood/events');
    await add('flood', 1);
    await live.count(1);
    // For the service this is a fault of the connection; the test's own is not cut.
    await redis.client
      .multi()
      .xadd(eventsOf('flood'), '*', 'e', 'started', 'j', 'n2-0')
      .xadd(eventsOf('flood'), '*', 'e', 'started', 'j', 'n3-0')
      .xtrim(eventsOf('flood'), 'MAXLEN', 1)
      .call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      .exec();
    await live.message('reset');
    await live.count(3);
    expect(numbers(live.messages)).toEqual([1, 3]);
    live.close();
  });

  it('drops a reader that is too slow, without delaying others', async () => {
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
      await redis.client.xadd(eventsOf('slow'), '*', 'e', 'started', 'j', refs);
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

  it('drops a reader that takes no byte for two heartbeats, also while it gets past events', async () => {
    await list('stalled');
    const refs = upTo(1_000)
      .map((i) => `n${i}-0`)
      .join(' ');
    for (let i = 0; i < 100; i += 1) {
      await redis.client.xadd(eventsOf('stalled'), '*', 'e', 'started', 'j', refs);
    }
    const { hostname, port } = new URL(api.origin);
    const stalled = connect(Number(port), hostname);
    stalled.write(requestText('GET', '/queues/stalled/events', { 'last-event-id': '0-0' }));
    await new Promise((resolve) => stalled.once('data', resolve));
    stalled.pause();
    const drop = vi.spyOn(StreamResponse.prototype, 'drop');
    const sockets = () => new Promise<number>((done) => api.app.server.getConnections((_, n) => done(n)));
    await until(async () => {
      api.app.streamHub.heartbeat();
      return (await sockets()) === 0;
    }, 'the end of the connection');
    expect(drop.mock.calls[0]).toEqual(['stalled']);
    drop.mockRestore();
    stalled.destroy();
  });

  it('drops its readers with internal-error when its events cannot be read', async () => {
    const observe = vi.fn<(event: ServiceEvent) => void>();
    const observer = createObserver({ wants: (kind) => kind === 'defect', observe });
    const broken = await startApi(redis.url, {}, observer);
    const { id } = await api.submit({ task: 'echo', queue: 'broken' });
    const streams = [
      await openStream(broken.origin, '/queues/broken/events'),
      await openStream(broken.origin, `/jobs/${id}/events`),
    ];
    await streams[1]?.count(1);
    await until(() => broken.app.streamHub.hasReaders('broken'), 'readers');
    await redis.client.set(eventsOf('broken'), 'no stream');
    for (const stream of streams) {
      await stream.ended;
      expect(stream.messages.at(-1)).toMatchObject({ type: 'dropped', data: { reason: 'internal-error' } });
    }
    expect(observe).toHaveBeenCalled();
    await redis.client.del(eventsOf('broken'));
    await broken.app.close();
  });

  it('forgets a reader when its client disconnects', async () => {
    await list('leaves');
    const stream = await openStream(api.origin, '/queues/leaves/events');
    await until(() => api.app.streamHub.hasReaders('leaves'), 'a reader');
    stream.close();
    await until(() => !api.app.streamHub.hasReaders('leaves'), 'no reader');
  });

  it('sends heartbeats to a reader that joins during a heartbeat', async () => {
    const { streamHub } = api.app;
    await list('comes');
    const admit = vi.spyOn(streamHub, 'admit').mockImplementationOnce((response, subject) => {
      streamHub.heartbeat();
      admit.mockRestore();
      streamHub.admit(response, subject);
    });
    const stream = await openStream(api.origin, '/queues/comes/events');
    await until(() => {
      streamHub.heartbeat();
      return stream.parser.comments > 0;
    }, 'a heartbeat');
    stream.close();
  });
});

describe('StreamHub', () => {
  it('drops all streams with service-stops when the app closes', async () => {
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
      expectShape(DroppedMessage, stream.messages.at(-1)?.data);
    }
  });

  it('rejects readers beyond MAX_WAITERS with 503', async () => {
    const other = await startApi(redis.url, { MAX_WAITERS: '2' });
    await list('limited');
    const one = await openStream(other.origin, '/queues/limited/events');
    const two = await openStream(other.origin, '/events');
    const rejected = await send(other.origin, { method: 'GET', path: '/queues/limited/events' });
    expectProblem(rejected, 503, 'too-many-waiters');
    expect(rejected.headers['retry-after']).toBe('1');
    one.close();
    const three = await until(
      () =>
        openStream(other.origin, '/queues/limited/events').then(
          (stream) => stream.response.statusCode === 200 && stream,
        ),
      'a free place',
    );
    two.close();
    three.close();
    await other.app.close();
  });
});
