import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { expectProblem, type Pointers } from '../../helpers/api/expect-schema.ts';
import { JSON_TYPE, type Message, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { stored } from '../../helpers/redis/dump.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const MAX_BYTES = 300_000;
const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: String(MAX_BYTES) });

/** Expects that the request is rejected and stores nothing. */
async function expectRejected(message: Message, status: number, code: ErrorCode, pointers?: Pointers) {
  const before = await stored(redis);
  const answer = await send(api.origin, message);
  expectProblem(answer, status, code, pointers);
  expect(await stored(redis)).toEqual(before);
  return answer;
}

const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('a request body', () => {
  it.each<[string, string | Buffer]>([
    ['ends too early', '{"task":'],
    ['has a comma too many', '{"task":"echo",}'],
    ['is a word', 'echo'],
    ['holds two values', '{"task":"echo"}{"task":"echo"}'],
    ['has a NUL byte', '{"task":"echo\u0000"}'],
    ['is not UTF-8', Buffer.from('{"task":"echo","payload":"\xff"}', 'latin1')],
    ['opens 100,000 lists', '['.repeat(100_000)],
  ])('is rejected as broken JSON when it %s', async (_name, body) => {
    const answer = await expectRejected({ headers: JSON_TYPE, body }, 400, 'broken-json');
    expect(answer.body.detail).toMatch(/^The body (cannot be read as JSON: .|is not UTF-8)/);
  });

  it.each<[string, Message['headers']]>([
    ['no type', {}],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a text', { 'content-type': 'text/plain' }],
    ['lines', NDJSON_TYPE],
    ['XML', { 'content-type': 'application/xml; charset=utf-8' }],
    ['no valid type', { 'content-type': 'json' }],
    ['JSON in Latin 1', { 'content-type': 'application/json; charset=ISO-8859-1' }],
    ['JSON in UTF-16', { 'content-type': 'application/json;x=y;charset="utf-16"' }],
    ['compressed JSON', { ...JSON_TYPE, 'content-encoding': 'gzip' }],
  ])('is rejected with 415 as %s', async (_name, headers = {}) => {
    const answer = await expectRejected({ headers, body: '{"task":"echo"}' }, 415, 'unsupported-media-type');
    expect(answer.body.detail).toContain('application/json in UTF-8');
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON;charset="UTF8"', 'application/json;v=1'])(
    'is read as JSON for Content-Type %s',
    async (type) => {
      const headers = { 'content-type': type, 'content-encoding': 'identity' };
      const answer = await send(api.origin, { headers, body: '{"task":"echo","payload":"ü"}' });
      expect(answer.status).toBe(202);
      expect(answer.body.payload).toBe('ü');
    },
  );

  it.each([
    ['names its length', { 'content-length': String(MAX_BYTES + 1) }],
    ['comes in chunks', { 'transfer-encoding': 'chunked' }],
  ])('is rejected as too large when it %s', async (_name, headers) => {
    const body = JSON.stringify({ task: 'echo', payload: 'x'.repeat(MAX_BYTES + 1 - 28) });
    expect(body).toHaveLength(MAX_BYTES + 1);
    const answer = await expectRejected(
      { headers: { ...JSON_TYPE, ...headers }, body },
      413,
      'payload-too-large',
    );
    expect(answer.body.detail).toContain(String(MAX_BYTES));
    const fits = body.replace('xx', 'x');
    expect((await send(api.origin, { headers: JSON_TYPE, body: fits })).status).toBe(202);
  });

  it.each(['', 'null', '7', '"echo"', '[]', '[{"task":"echo"}]'])(
    'is rejected when it is %j instead of a job',
    async (body) => {
      await expectRejected({ headers: JSON_TYPE, body }, 400, 'invalid-request', ['']);
    },
  );

  it('is rejected when it is absent', async () => {
    await expectRejected({}, 400, 'invalid-request', ['']);
  });

  it.each([
    ['/__proto__', '{"task":"echo","__proto__":{"x":1}}'],
    ['/payload/a/0/__proto__', '{"task":"echo","payload":{"a":[{"__proto__":{}}]}}'],
    ['/payload/__proto__', '{"task":"echo","payload":{"\\u005f\\u005fproto__":{}}}'],
    ['/metadata/__proto__', '{"task":"echo","metadata":{"__proto__":"x"}}'],
    ['/payload/constructor', '{"task":"echo","payload":{"constructor":{"prototype":{}}}}'],
    ['/payload', '{"task":"echo","payload":"half \\ud83d"}'],
    ['/payload/0/a~1b', '{"task":"echo","payload":[{"x":1,"a/b":"\\ude00"}]}'],
    ['/metadata/x', '{"task":"echo","metadata":{"x":"\\uD83D\\uD83D"}}'],
  ])('is rejected for a member that other programs could not read or copy, at %s', async (pointer, body) => {
    const fine = '{"task":"echo","payload":{"constructor":"Audi","text":"\\ud83d\\ude00"}}';
    await expectRejected({ headers: JSON_TYPE, body }, 400, 'invalid-request', [pointer]);
    for (const message of [
      { headers: JSON_TYPE, body: `{"jobs":[${body},${fine}]}` },
      { headers: NDJSON_TYPE, body: `${body}\n${fine}` },
    ]) {
      const { body: batch } = await send(api.origin, { path: '/jobs/batch', ...message });
      const problem = { code: 'invalid-request', errors: [{ pointer }] };
      expect(batch.items).toMatchObject([{ status: 400, problem }, { status: 202 }]);
    }
  });

  it.each([
    ['/payload', `{"task":"echo","payload":${deep(61)}}`],
    ['/payload', `{"task":"echo","payload":${deep(100_000)}}`],
    ['/payload', `{"task":"echo","payload":{"a":${'{"b":'.repeat(1_500)}1${'}'.repeat(1_501)}}`],
    ['/metadata', `{"task":"echo","metadata":${deep(5_000)}}`],
    ['/x', `{"task":"echo","x":${deep(5_000)}}`],
    // So many values are refused before anybody looks where they are.
    ['', `{"task":"echo","metadata":${deep(100_000)}}`],
    ['', `{"task":"echo","x":${deep(100_000)}}`],
    ['', deep(100_000)],
  ])('is rejected when it is nested too deeply at "%s"', async (pointer, body) => {
    await expectRejected({ headers: JSON_TYPE, body }, 400, 'invalid-request', [pointer]);
    await expectRejected(
      { path: '/jobs/batch?atomic=true', headers: NDJSON_TYPE, body },
      400,
      'invalid-batch',
      [`/jobs/0${pointer}`],
    );
  });
});
