import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { expectProblem, type Pointers } from '../helpers/api/expect-schema.ts';
import { JSON_TYPE, type Message, send } from '../helpers/api/send.ts';
import { useApi } from '../helpers/api/server.ts';
import { stored } from '../helpers/redis/dump.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

async function expectRejected(message: Message, status: number, code: ErrorCode, pointers?: Pointers) {
  const before = await stored(redis);
  const answer = await send(api.origin, message);
  expectProblem(answer, status, code, pointers);
  expect(await stored(redis)).toEqual(before);
  return answer;
}

const cursor = (text: string): string => Buffer.from(text).toString('base64url');

describe('a job id', () => {
  it.each([
    'x',
    'default',
    'default~',
    'default~n',
    'default~n0-0',
    'default~x1-0',
    'default~N1-0',
    'default~n01-0',
    'default~n1-00',
    'default~n1-0~',
    'default~n1.5-0',
    'default~nzzzzzzzzzzzzz-0',
    'default~n1-zzzzzzzzzzzzz',
    'default~n-1-0',
    'a:b~n1-0',
    '{x}~n1-0',
    '%7Bx%7D~n1-0',
    '..~n1-0',
    `${'q'.repeat(65)}~n1-0`,
    'nothing-there~n1-0',
    '%00',
    'default~n1-0%00',
    'x%0Ay',
    '%F0%9F%98%80',
    '%2e%2e%2fqueues',
    'constructor',
    '__proto__',
    'x'.repeat(600),
    'x'.repeat(9_000),
    '%41'.repeat(3_000),
  ])('answers 404 for text that is not an id: %s', async (id) => {
    for (const [method, path] of [
      ['GET', `/jobs/${id}`],
      ['GET', `/jobs/${id}?wait=5`],
      ['GET', `/jobs/${id}/events`],
      ['DELETE', `/jobs/${id}`],
      ['POST', `/jobs/${id}/cancel`],
    ] as const) {
      const answer = await expectRejected({ method, path }, 404, 'job-not-found');
      // The problem quotes the id, shortened.
      expect(answer.body.detail.length).toBeLessThan(200);
    }
  });

  it.each(['%zz', '%', '%E0%A4%A', '%ff'])('answers 400 when it cannot be decoded: %s', async (id) => {
    for (const path of [`/jobs/${id}`, `/jobs/${id}/cancel`, `/queues/${id}/stats`]) {
      await expectRejected({ method: 'GET', path }, 400, 'invalid-request');
    }
  });
});

describe('a queue name', () => {
  it.each([
    'a:b',
    '{x}',
    '%7Bx%7D',
    '..',
    '.x',
    '-x',
    '',
    'q'.repeat(65),
    'a%20b',
    'a%2Fb',
    'a%00',
    'x%0A',
    '%C3%BC',
  ])('is rejected when it is invalid: "%s"', async (name) => {
    for (const [method, rest] of [
      ['GET', 'stats'],
      ['GET', 'jobs'],
      ['GET', 'pending'],
      ['GET', 'events'],
      ['GET', 'history'],
      ['GET', 'subscriptions'],
      ['PUT', 'subscriptions/a'],
      ['POST', 'subscriptions/a/read'],
      ['POST', 'pause'],
      ['POST', 'resume'],
    ] as const) {
      await expectRejected({ method, path: `/queues/${name}/${rest}` }, 400, 'invalid-request', ['/name']);
    }
  });

  it('need not exist to be read: a queue that had no job yet is empty, and stays unmade', async () => {
    for (const rest of ['', '/stats', '/jobs', '/pending', '/history', '/subscriptions']) {
      const { status, body } = await send(api.origin, { method: 'GET', path: `/queues/unknown${rest}` });
      expect([rest, status]).toEqual([rest, 200]);
      if ('items' in body) expect(body).toEqual({ items: [] });
      else expect(body.counts.queued).toBe(0);
    }
    expect(await redis.client.keys('*unknown*')).toEqual([]);
    expect((await send(api.origin, { method: 'GET', path: '/queues' })).text).not.toContain('unknown');
  });
});

describe('query parameters', () => {
  it.each([
    'wait=',
    'wait=abc',
    'wait=-1',
    'wait=60.1',
    'wait=100',
    'wait=1&wait=2',
    'wait=NaN',
    'wait=Infinity',
    'wait=1e9',
    'wait=%00',
  ])('are rejected for a job: %s', async (query) => {
    await expectRejected({ method: 'GET', path: `/jobs/x?${query}` }, 400, 'invalid-request', ['/wait']);
    const job = { path: `/jobs?${query}`, headers: JSON_TYPE, body: '{"task":"echo"}' };
    await expectRejected(job, 400, 'invalid-request', ['/wait']);
  });

  it('are rejected with a pointer for each wrong name', async () => {
    const path = '/jobs/x?wait[]=1&wait';
    await expectRejected({ method: 'GET', path }, 400, 'invalid-request', ['/wait', '/wait[]']);
  });

  it.each<[string, Pointers]>([
    ['limit=0', ['/limit']],
    ['limit=1001', ['/limit']],
    ['limit=1.5', ['/limit']],
    ['limit=x', ['/limit']],
    ['limit=1&limit=2', ['/limit']],
    ['status=done', ['/status']],
    ['status=queued&status=failed', ['/status']],
    ['status=', ['/status']],
    ['status=x&limit=0', ['/limit', '/status']],
    [`cursor=${'x'.repeat(1_025)}`, ['/cursor']],
  ])('are rejected for a listing: %s', async (query, pointers) => {
    await expectRejected(
      { method: 'GET', path: `/queues/any/jobs?${query}` },
      400,
      'invalid-request',
      pointers,
    );
  });

  it.each([
    '',
    'x',
    '!!!',
    cursor(''),
    cursor('0'),
    cursor('99 1-1'),
    cursor('-1 1-1'),
    cursor('0 1-1:'),
    cursor('0 (1-1'),
    cursor('0 +'),
    cursor('0 1-1\n'),
    cursor('0 99999999999999999999-0'),
    cursor('0 1700000000000:n1-1'),
    cursor('5 1700000000000:n1-1'),
    cursor('4 1-1'),
    cursor('4 inf:n1-1'),
    cursor('4 1:x1-1'),
    cursor('4 (1:n1-1'),
  ])('are rejected with a malformed cursor: %s', async (text) => {
    await api.http.post('/queues/listed/pause').expect(200);
    const message = { method: 'GET', path: `/queues/listed/jobs?cursor=${text}` };
    await expectRejected(message, 400, 'invalid-request', ['/cursor']);
  });

  it('are rejected with the cursor of another status', async () => {
    for (let i = 0; i < 2; i += 1) await api.submit({ task: 'echo', queue: 'cursors' });
    const page = await api.http.get('/queues/cursors/jobs?status=queued&limit=1').expect(200);
    const path = `/queues/cursors/jobs?status=failed&cursor=${page.body.nextCursor}`;
    await expectRejected({ method: 'GET', path }, 400, 'invalid-request', ['/cursor']);
  });
});

describe('a path', () => {
  it.each(['/nope', '/JOBS', '/jobs/x/y', '/livez/x', '/jobs/../livez', '/docs/nope.js'])(
    'answers 404 when there is no route: %s',
    async (path) => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        await expectRejected({ method, path }, 404, 'route-not-found');
      }
    },
  );

  it('is shortened in the problem when it is long', async () => {
    const answer = await expectRejected(
      { method: 'GET', path: `/${'x'.repeat(9_000)}` },
      404,
      'route-not-found',
    );
    expect(answer.body.detail.length).toBeLessThan(300);
  });

  it.each([
    ['/', 'GET, HEAD'],
    ['/jobs', 'GET, HEAD, POST'],
    ['/jobs/batch', 'POST'],
    ['/jobs/x', 'DELETE, GET, HEAD, PATCH'],
    ['/jobs/x/cancel', 'POST'],
    ['/jobs/x/rerun', 'POST'],
    ['/queues', 'GET, HEAD'],
    ['/queues/x', 'DELETE, GET, HEAD, PUT'],
    ['/queues/x/dead', 'DELETE'],
    ['/queues/x/dead/retry', 'POST'],
    ['/queues/x/stats', 'GET, HEAD'],
    ['/queues/x/jobs', 'DELETE, GET, HEAD'],
    ['/queues/x/pending', 'GET, HEAD'],
    ['/queues/x/pause', 'POST'],
    ['/queues/x/resume', 'POST'],
    ['/livez', 'GET, HEAD'],
    ['/readyz', 'GET, HEAD'],
    ['/openapi.json', 'GET, HEAD'],
  ])('%s answers other methods with 405 and Allow: %s', async (path, allow) => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
      if (allow.includes(method)) continue;
      // Whatever the body is: the method alone is wrong.
      const body = method === 'TRACE' ? undefined : '{"broken';
      const answer = await expectRejected(
        { method, path, headers: JSON_TYPE, body },
        405,
        'method-not-allowed',
      );
      expect(answer.headers['allow']).toBe(allow);
      expect(answer.body.detail).toContain(`has no ${method}`);
    }
    if (allow.includes('HEAD')) return;
    const head = await send(api.origin, { method: 'HEAD', path });
    expect([head.status, head.headers['allow'], head.text]).toEqual([405, allow, '']);
  });
});
