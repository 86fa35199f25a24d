import { afterEach, describe, expect, it, vi } from 'vitest';
import { Millrace, MillraceError, Unreachable } from '../../../src/client/index.ts';
import { cut, json, problem, type Reply, useStubService } from './stub-service.ts';

const stub = useStubService();
const client = (options = {}) => new Millrace({ url: stub.origin, ...options });
const stored = json(202, { id: 'default~n1-0', status: 'queued' });
const keysOf = () => stub.requests.map(({ headers }) => headers['idempotency-key']);

describe('without options', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const sentKey = () => stub.requests.at(-1)?.headers.authorization;

  it('a client takes the address and the key of the environment', async () => {
    vi.stubEnv('MILLRACE_URL', stub.origin);
    vi.stubEnv('MILLRACE_KEY', 'mrk_of_the_environment');
    stub.reply(stored);
    await new Millrace().submit('echo');
    expect(sentKey()).toBe('Bearer mrk_of_the_environment');
    await new Millrace({ key: 'mrk_given' }).submit('echo');
    expect(sentKey()).toBe('Bearer mrk_given');
  });

  it('the key of the environment is not sent to an address that is given', async () => {
    vi.stubEnv('MILLRACE_KEY', 'mrk_of_the_environment');
    stub.reply(stored);
    await client().submit('echo');
    expect(sentKey()).toBeUndefined();
  });
});

describe('a submit', () => {
  it('is repeated under its own Idempotency-Key after a lost connection', async () => {
    stub.reply(cut, cut, stored);
    expect((await client().submit('echo')).id).toBe('default~n1-0');
    expect(keysOf()).toHaveLength(3);
    expect(new Set(keysOf()).size).toBe(1);
    expect(keysOf()[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  it('has another key the next time, and the given one when there is one', async () => {
    stub.reply(stored);
    await client().submit('echo');
    await client().submit('echo');
    await client().submit('echo', null, { idempotencyKey: 'order-1' });
    expect(new Set(keysOf()).size).toBe(3);
    expect(keysOf()[2]).toBe('order-1');
  });

  it('is repeated after a 503, and ends after its tries', async () => {
    stub.reply(problem(503, 'redis-unavailable'));
    await expect(client({ tries: 3 }).submit('echo')).rejects.toMatchObject({
      code: 'redis-unavailable',
      status: 503,
    });
    expect(stub.requests).toHaveLength(3);
  });

  it('waits as long as Retry-After says', async () => {
    stub.reply(problem(429, 'queue-full', { 'retry-after': '1' }), stored);
    const before = performance.now();
    await client().submit('echo');
    expect(performance.now() - before).toBeGreaterThanOrEqual(1_000);
  });

  it('does not wait for a Retry-After of more than 30 s, and tells it', async () => {
    stub.reply(problem(429, 'rate-limited', { 'retry-after': '120' }));
    const error = await client()
      .submit('echo')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'rate-limited', retryAfter: 120 });
    expect(stub.requests).toHaveLength(1);
  });

  it('is not repeated when it is refused for good', async () => {
    stub.reply(problem(422, 'invalid-payload'));
    await expect(client().submit('echo')).rejects.toThrow(MillraceError);
    expect(stub.requests).toHaveLength(1);
  });
});

describe('a request that is not safe to repeat', () => {
  it('is not repeated after a lost connection', async () => {
    stub.reply(cut);
    await expect(client().keys.create({ name: 'a', scopes: ['read'] })).rejects.toThrow(Unreachable);
    expect(stub.requests).toHaveLength(1);
  });

  it('is not repeated after a 503, which does not say whether it was done', async () => {
    stub.reply(problem(503, 'redis-unavailable'));
    await expect(client().queue('q').dead.retry()).rejects.toThrow('redis-unavailable');
    expect(stub.requests).toHaveLength(1);
  });

  it('is repeated after a 429, which says that it was not', async () => {
    stub.reply(problem(429, 'rate-limited'), json(201, { id: 'k', key: 'mr_k' }));
    expect((await client().keys.create({ name: 'a', scopes: ['read'] })).id).toBe('k');
  });
});

describe('a removal', () => {
  it('has succeeded when its repeat finds nothing', async () => {
    stub.reply(cut, problem(404, 'schedule-not-found'));
    await client().schedules.remove('nightly');
    expect(stub.requests).toHaveLength(2);
  });

  it('fails when there was nothing in the first place', async () => {
    stub.reply(problem(404, 'schedule-not-found'));
    await expect(client().schedules.remove('nightly')).rejects.toMatchObject({ status: 404 });
  });
});

describe('a request', () => {
  it('ends when its signal fires, also during a pause', async () => {
    stub.reply(problem(503, 'redis-unavailable', { 'retry-after': '20' }));
    const controller = new AbortController();
    const call = client().get('default~n1-0', { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(call).rejects.toThrow('enough');
  });

  it('ends when nothing is answered in time', async () => {
    stub.reply(() => undefined);
    const call = client({ tries: 1, requestTimeoutMs: 50 }).get('default~n1-0');
    await expect(call).rejects.toThrow('gave no answer within 50 ms');
  });

  it('sends the key, also one that a function gives', async () => {
    stub.reply(json(200, { id: 'default~n1-0', status: 'queued' }));
    await client({ key: 'mr_one' }).get('default~n1-0');
    await client({ key: async () => 'mr_two' }).get('default~n1-0');
    const sent = stub.requests.map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['Bearer mr_one', 'Bearer mr_two']);
  });

  it('keeps the path of the address, and encodes names', async () => {
    stub.reply(json(200, { name: 'a/b?' }));
    await client({ url: `${stub.origin}/jobs-of/mine/` })
      .queue('a/b?')
      .get();
    expect(stub.requests[0]?.url).toBe('/jobs-of/mine/queues/a%2Fb%3F');
  });

  it('names the address when something else than Millrace answers', async () => {
    stub.reply((response) => response.end('<html>'));
    await expect(client().get('x')).rejects.toThrow('is this the address of Millrace? <html>');
    stub.reply((response) => response.writeHead(404).end('<html>'));
    await expect(client().get('x')).rejects.toMatchObject({ code: 'no-problem', status: 404 });
  });

  it('follows no redirect: it would turn a submit into a read', async () => {
    const redirect: Reply = (response, { url }) =>
      response.writeHead(301, { location: `https://elsewhere.test${url}` }).end('<html>');
    stub.reply(redirect);
    const calls = [
      () => client().submit('echo'),
      () => client().get('a~n1-0'),
      () => client().events().next(),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({
        code: 'redirected',
        status: 301,
        message: expect.stringContaining('Use the address https://elsewhere.test instead.'),
      });
    }
    expect(stub.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  });

  it('is repeated by its method, also when that is written small', async () => {
    stub.reply(cut);
    await expect(client().request('post', '/jobs', { body: {} })).rejects.toThrow(Unreachable);
    expect(stub.requests).toHaveLength(1);
  });
});
