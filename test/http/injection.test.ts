import { describe, expect, it } from 'vitest';
import { expectProblem } from '../helpers/api/expect-schema.ts';
import { JSON_TYPE, send } from '../helpers/api/send.ts';
import { useApi } from '../helpers/api/server.ts';
import { parseAnswers, requestText, wire } from '../helpers/api/wire.ts';
import { stored } from '../helpers/redis/dump.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

const SMUGGLED = requestText('POST', '/queues/smuggled/pause');
const HEAD = 'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

describe('a request whose end is ambiguous', () => {
  it.each([
    ['two lengths', 'Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}'],
    ['a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n'],
    ['a list of lengths', 'Content-Length: 2, 60\r\n\r\n{}'],
    ['a signed length', 'Content-Length: +2\r\n\r\n{}'],
    ['a negative length', 'Content-Length: -2\r\n\r\n{}'],
    ['a hexadecimal length', 'Content-Length: 0x2\r\n\r\n{}'],
    ['a space before the colon', 'Content-Length : 2\r\n\r\n{}'],
    ['a folded header', 'X: a\r\n Content-Length: 60\r\nContent-Length : 2\r\n\r\n{}'],
    ['chunks that are not last', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['an unknown coding', 'Transfer-Encoding: cow\r\n\r\n0\r\n\r\n'],
    ['a chunk of a wrong size', 'Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n'],
    ['a chunk size with 0x', 'Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n'],
    ['a bare line feed after a chunk size', 'Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n'],
    ['a bare carriage return in a header', 'X: a\rContent-Length: 60\r\n\r\n{}'],
  ])('gets 400, and what follows does not run: %s', async (_name, rest) => {
    const before = await stored(redis);
    const answers = parseAnswers(await wire(api.origin, HEAD + rest + SMUGGLED));
    expect(answers.map(({ status }) => status)).toEqual([400]);
    expect(answers[0]?.headers.get('connection')).toBe('close');
    expect(await stored(redis)).toEqual(before);
  });
});

describe('a path that tries to leave its place', () => {
  it.each([
    '/docs/static/../../package.json',
    '/docs/static/%2e%2e/%2e%2e/package.json',
    '/docs/static/..%2f..%2fpackage.json',
    '/docs/static/%252e%252e%252fpackage.json',
    '/docs/static/..%5c..%5cpackage.json',
    '/docs/static/%00',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//livez',
    '//evil.example/livez',
    '/livez/%2e%2e/queues',
    '/queues%2fx%2fpause',
    '/;/livez',
    '/jobs/%252e%252e',
  ])('finds nothing: %s', async (path) => {
    const answer = await send(api.origin, { method: 'GET', path });
    expect([400, 403, 404]).toContain(answer.status);
    expect(answer.text).not.toMatch(/"dependencies"|root:/);
    expect(answer.headers['location']).toBeUndefined();
  });
});

describe('a text with line breaks', () => {
  it.each(['a%0d%0aX-Evil:%201', '%0d%0a%0d%0a<script>', 'a%0aX-Evil:%201', '%E5%98%8A%E5%98%8DX-Evil:1'])(
    'makes no header of an answer: %s',
    async (text) => {
      for (const [method, path] of [
        ['GET', `/jobs/${text}`],
        ['POST', `/queues/${text}/pause`],
        ['GET', `/queues/${text}/jobs?cursor=${text}`],
        ['PUT', `/schedules/${text}`],
        ['GET', `/${text}`],
      ] as const) {
        const [answer, ...none] = parseAnswers(await wire(api.origin, requestText(method, path)));
        expect(none).toEqual([]);
        expect([400, 404, 415]).toContain(answer?.status);
        expect([...(answer?.headers.keys() ?? [])]).not.toContain('x-evil');
        expect(answer?.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      }
    },
  );

  it('is refused in headers that are kept', async () => {
    for (const value of ['"a\tb"', 'ä"', `"${'x'.repeat(300)}"`]) {
      const headers = { ...JSON_TYPE, 'idempotency-key': Buffer.from(value).toString('latin1') };
      const answer = await send(api.origin, { headers, body: '{"task":"echo"}' });
      expect([value, answer.status]).toEqual([value, 400]);
    }
  });
});

describe('a content type with odd spaces', () => {
  it.each([
    'application/json\t',
    '\tapplication/json',
    'application/json\t;charset=utf-8',
    'application/json ; charset=utf-8',
    'application/json;\tcharset="utf-8"',
    'application/json\ta',
    'application/json a',
    'application/json,text/plain',
    'application/JSON',
    'application/json; charset=utf-8; charset=latin1',
    'application/x-ndjson\t; a',
    'text/plain\t, application/json',
  ])('never lets a job pass unchecked: %j', async (type) => {
    const before = await stored(redis);
    for (const [path, body] of [
      ['/jobs', '{"task":7}'],
      ['/jobs', '7'],
      ['/queues/odd/dead/retry', '{"limit":"x"}'],
    ] as const) {
      const answer = await send(api.origin, { path, headers: { 'content-type': type }, body });
      expect([400, 415], `${path}: ${answer.text}`).toContain(answer.status);
    }
    expect(await stored(redis)).toEqual(before);
  });
});

describe('a member named like those of every object', () => {
  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    '%s changes none',
    async (name) => {
      const inner = `{"${name}":{"polluted":true}}`;
      for (const [method, path, body] of [
        ['POST', '/jobs', `{"task":"echo","${name}":{"polluted":true}}`],
        ['POST', '/jobs', `{"task":"echo","metadata":${inner}}`],
        ['POST', '/jobs', `{"task":"echo","backoff":${inner}}`],
        ['PUT', '/queues/members', inner],
        ['POST', '/leases', `{"queues":["members"],"${name}":{"polluted":true}}`],
        ['GET', `/queues/members/jobs?${name}=polluted`, undefined],
        ['GET', `/queues/members/jobs?${name}[polluted]=true`, undefined],
        ['GET', `/queues/members/jobs?a[${name}][polluted]=true`, undefined],
      ] as const) {
        const answer = await send(api.origin, { method, path, headers: JSON_TYPE, body });
        expect([path, body, answer.status]).toEqual([path, body, 400]);
      }
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
    },
  );

  it('is refused in a payload, which a worker may copy without care', async () => {
    for (const payload of [
      '{"__proto__":{"polluted":true}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
    ]) {
      const body = `{"task":"echo","queue":"members","payload":[${payload}]}`;
      const answer = await send(api.origin, { headers: JSON_TYPE, body });
      expectProblem(answer, 400, 'invalid-request', [
        `/payload/0/${payload.slice(2, payload.indexOf('"', 2))}`,
      ]);
    }
  });
});

describe('HTML in data', () => {
  it('stays data: no answer with it is a page', async () => {
    const html = '<script>alert(1)</script>';
    const headers = { ...JSON_TYPE, accept: 'text/html' };
    const job = JSON.stringify({ task: 'echo', queue: 'html', payload: html, metadata: { html } });
    const { body } = await send(api.origin, { headers, body: job });
    for (const path of [
      `/jobs/${body.id}`,
      '/queues/html/jobs',
      `/${html}`,
      `/jobs/${html}`,
      `/queues/x?${html}`,
    ]) {
      const answer = await send(api.origin, { method: 'GET', path, headers });
      expect(answer.headers['content-type']).toMatch(/^application\/(problem\+)?json/);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
  });
});
