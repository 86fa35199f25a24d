import { describe, expect, it } from 'vitest';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { JSON_TYPE, type Message, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { parseAnswers, requestText, wire } from '../../helpers/api/wire.ts';
import { stored } from '../../helpers/redis/dump.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { CORS_ORIGINS: 'https://app.example.com', ALLOWED_HOSTS: 'millrace' });

const FOREIGN = { origin: 'https://evil.example' };
const OURS = { origin: 'https://app.example.com' };

describe('a page of a foreign site', () => {
  it.each<[string, Message]>([
    ['pause a queue', { path: '/queues/guarded/pause' }],
    ['resume a queue', { path: '/queues/guarded/resume' }],
    ['retry failed jobs', { path: '/queues/guarded/dead/retry' }],
    ['cancel a job', { path: '/jobs/guarded~n1-0/cancel' }],
    ['retry a job', { path: '/jobs/guarded~n1-0/retry' }],
    [
      'submit a job as text',
      { path: '/jobs', headers: { 'content-type': 'text/plain' }, body: '{"task":"echo"}' },
    ],
    ['submit a job', { path: '/jobs', headers: JSON_TYPE, body: '{"task":"echo"}' }],
    ['remove a queue', { method: 'DELETE', path: '/queues/guarded' }],
    ['purge failed jobs', { method: 'DELETE', path: '/queues/guarded/dead' }],
    ['call a path that there is not', { path: '/nope' }],
  ])('cannot make a browser %s', async (_name, message) => {
    const before = await stored(redis);
    for (const headers of [FOREIGN, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answer = await send(api.origin, { ...message, headers: { ...message.headers, ...headers } });
      expectProblem(answer, 403, 'cross-site');
      expect(answer.body.detail).toContain('CORS_ORIGINS');
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
    expect(await stored(redis)).toEqual(before);
  });

  it('cannot read an answer', async () => {
    const answer = await send(api.origin, { method: 'GET', path: '/queues', headers: FOREIGN });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, undefined]);
  });

  it('gets no leave for a request that needs it', async () => {
    const headers = { ...FOREIGN, 'access-control-request-method': 'POST' };
    const answer = await send(api.origin, { method: 'OPTIONS', path: '/jobs', headers });
    expectProblem(answer, 405, 'method-not-allowed');
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('a page of an origin in CORS_ORIGINS', () => {
  it('gets leave for every method, and the browser remembers it', async () => {
    const headers = {
      ...OURS,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,x-evil',
    };
    for (const path of ['/queues/guarded', '/nope']) {
      const answer = await send(api.origin, { method: 'OPTIONS', path, headers });
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': OURS.origin,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'access-control-max-age': '7200',
        vary: expect.stringMatching(/origin/i),
      });
      expect(answer.headers['access-control-allow-headers']).toMatch(/Authorization/);
      expect(answer.headers['access-control-allow-headers']).not.toMatch(/evil/);
    }
  });

  it('reads answers, refusals and their headers', async () => {
    for (const [message, status] of [
      [{ path: '/jobs', headers: JSON_TYPE, body: '{"task":"echo"}' }, 202],
      [{ path: '/queues/guarded/pause' }, 200],
      [{ path: '/nope' }, 404],
    ] as const) {
      const headers = {
        ...OURS,
        'sec-fetch-site': 'cross-site',
        ...('headers' in message && message.headers),
      };
      const answer = await send(api.origin, { ...message, headers });
      expect(answer.status).toBe(status);
      expect(answer.headers['access-control-allow-origin']).toBe(OURS.origin);
      expect(answer.headers['access-control-expose-headers']).toMatch(/ETag.*Location.*Retry-After/);
    }
  });

  it('follows an event stream', async () => {
    const { headers } = await fetch(`${api.origin}/events`, { method: 'HEAD', headers: OURS });
    expect(headers.get('access-control-allow-origin')).toBe(OURS.origin);
    expect(headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each(['/jobs', '/nope'])(
    'gets for an OPTIONS that is no question of leave what others get: %s',
    async (path) => {
      const { status, headers } = await send(api.origin, { method: 'OPTIONS', path, headers: OURS });
      expect(status).toBe(path === '/jobs' ? 405 : 404);
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    },
  );
});

describe('a client that is no browser', () => {
  it('needs neither Origin nor Sec-Fetch-Site', async () => {
    expect((await send(api.origin, { path: '/queues/guarded/resume' })).status).toBe(200);
  });

  it('gets 405 for OPTIONS, and 404 where nothing is', async () => {
    expectProblem(await send(api.origin, { method: 'OPTIONS', path: '/jobs' }), 405, 'method-not-allowed');
    expectProblem(await send(api.origin, { method: 'OPTIONS', path: '/nope' }), 404, 'route-not-found');
  });
});

describe('a foreign host name', () => {
  it.each([
    ['GET', '/queues', { host: 'evil.example' }],
    ['GET', '/livez', { host: 'evil.example:3000' }],
    ['GET', '/nope', { host: 'evil.example' }],
    [
      'POST',
      '/queues/guarded/pause',
      { host: 'rebound.evil.example', origin: 'http://rebound.evil.example' },
    ],
    ['GET', 'http://evil.example/queues', { host: 'localhost' }],
  ])('gets 421, which says what to do: %s %s %j', async (method, path, headers) => {
    const [answer] = parseAnswers(await wire(api.origin, requestText(method, path, headers)));
    const problem = JSON.parse(answer?.body ?? '');
    expect([answer?.status, problem.code]).toEqual([421, 'misdirected-request']);
    expect(problem.detail).toContain('ALLOWED_HOSTS');
  });

  it('is fine for names of ALLOWED_HOSTS', async () => {
    const [answer] = parseAnswers(
      await wire(api.origin, requestText('GET', '/livez', { host: 'millrace:3000' })),
    );
    expect(answer?.status).toBe(200);
  });

  it('given beside another one gets 400', async () => {
    const text = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n';
    const [answer] = parseAnswers(await wire(api.origin, text));
    expect([answer?.status, JSON.parse(answer?.body ?? '').errors]).toEqual([
      400,
      [{ pointer: '/host', detail: 'must be given once' }],
    ]);
  });
});

describe('every answer', () => {
  it.each<[string, Message]>([
    ['with JSON', { method: 'GET', path: '/queues' }],
    ['with a page', { method: 'GET', path: '/ui/' }],
    ['that leads to the page', { method: 'GET', path: '/', headers: { accept: 'text/html' } }],
    ['of the documentation', { method: 'GET', path: '/docs' }],
    ['with a script of the documentation', { method: 'GET', path: '/docs/static/swagger-initializer.js' }],
    ['with a problem', { method: 'GET', path: '/nope' }],
    ['with a problem before routing', { method: 'GET', path: '/%zz' }],
    ['without a body', { method: 'HEAD', path: '/queues' }],
    [
      'to a request that is too long',
      { path: '/jobs', headers: { ...JSON_TYPE, 'x-long': 'x'.repeat(20_000) } },
    ],
    ['to an odd expectation', { path: '/jobs', headers: { expect: 'tea' } }],
  ])('%s is to be taken as what it says', async (_name, message) => {
    const { headers } = await send(api.origin, message);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it.each(['/docs', '/docs/', '/docs/static/index.html'])(
    'of the page %s runs no foreign script',
    async (path) => {
      const { headers, text } = await send(api.origin, {
        method: 'GET',
        path,
        headers: { accept: 'text/html' },
      });
      const policy = headers['content-security-policy'] ?? '';
      expect(policy).toMatch(/^default-src 'none'/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|javascript:/i);
    },
  );
});
