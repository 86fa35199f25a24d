import { describe, expect, it } from 'vitest';
import { Millrace } from '../../../src/client/index.ts';
import { json, problem, type Reply, useStubService } from '../http/stub-service.ts';

const stub = useStubService();
const events = (options = {}) => new Millrace({ url: stub.origin }).events(options);

const stream =
  (text: string, isCut = false): Reply =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(text);
    if (isCut) setTimeout(() => response.destroy(), 20);
  };
const event = (id: string) => `event: started\nid: ${id}\ndata: {"id":"${id}","type":"started"}\n\n`;
const positions = () => stub.requests.map(({ headers }) => headers['last-event-id']);

describe('a stream of events', () => {
  it('goes on after the last message when the connection is cut, or refused for a while', async () => {
    stub.reply(
      stream(`id: 1-0\n\n`, true),
      stream(event('2-0') + event('3-0'), true),
      problem(503, 'too-many-waiters'),
      stream(event('4-0')),
    );
    const seen: unknown[] = [];
    for await (const { id } of events()) if (seen.push(id) === 3) break;
    expect(seen).toEqual(['2-0', '3-0', '4-0']);
    expect(positions()).toEqual([undefined, '1-0', '3-0', '3-0']);
  });

  it('goes on after a heartbeat that says how far the stream is', async () => {
    stub.reply(stream(':\nid: 9-0\n\n', true), stream(event('10-0')));
    for await (const message of events({ lastEventId: '0-0' })) {
      expect(message.id).toBe('10-0');
      break;
    }
    expect(positions()).toEqual(['0-0', '9-0']);
  });

  it('connects again when the service drops it, but not when its key has ended', async () => {
    const dropped = (reason: string) => `event: dropped\ndata: {"type":"dropped","reason":"${reason}"}\n\n`;
    stub.reply(stream(dropped('service-stops'), true), stream(dropped('access-ended')));
    await expect(events().next()).rejects.toMatchObject({ code: 'access-ended', status: 401 });
    expect(stub.requests).toHaveLength(2);
  });

  it('ends with a refusal', async () => {
    stub.reply(problem(403, 'forbidden'));
    await expect(events().next()).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('ends when its signal fires', async () => {
    stub.reply(stream(':\n\n'));
    const controller = new AbortController();
    const next = events({ signal: controller.signal }).next();
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(next).rejects.toThrow('enough');
  });

  it('gives up when nothing has come for `reconnectFor`', async () => {
    stub.reply(problem(503, 'redis-unavailable'));
    await expect(events({ reconnectFor: 300 }).next()).rejects.toMatchObject({ code: 'redis-unavailable' });
  });

  it('closes its connection when the reader leaves', async () => {
    let closed = new Promise<void>(() => undefined);
    stub.reply((response, request) => {
      closed = new Promise((resolve) => request.socket.once('close', () => resolve()));
      stream(event('1-0'))(response, request);
    });
    for await (const _ of events()) break;
    await closed;
  });

  it.each<[string, Reply]>([
    ['a web page', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['JSON', json(200, { ok: true })],
    ['nothing', (response) => response.end()],
    ['messages of another program', stream('data: hello\n\n')],
  ])('ends at once when another program answers with %s', async (_what, reply) => {
    stub.reply(reply);
    await expect(events().next()).rejects.toMatchObject({ code: 'not-millrace', status: 200 });
    expect(stub.requests).toHaveLength(1);
  });
});
