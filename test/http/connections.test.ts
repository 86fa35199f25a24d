import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { useApi } from '../helpers/api/server.ts';
import { parseAnswers, requestText, type WireAnswer, wire } from '../helpers/api/wire.ts';
import { stored } from '../helpers/redis/dump.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: '1024' });

const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON_TYPE = { 'content-type': 'application/x-ndjson' };
const KEEP = { connection: 'keep-alive' };

async function exchange(...parts: (string | Buffer)[]): Promise<WireAnswer[]> {
  return parseAnswers(await wire(api.origin, ...parts));
}

const statuses = (answers: readonly WireAnswer[]): number[] => answers.map(({ status }) => status);

const jobsIn = (queue: string): Promise<number> => redis.client.xlen(queueKeys('mr', queue).stream.normal);

const job = (queue: string): string => JSON.stringify({ task: 'echo', queue });

describe('an HTTP client', () => {
  it('can use HTTP/1.0', async () => {
    const body = job('old');
    const head = `POST /jobs HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    const [answer] = await exchange(`${head}\r\n\r\n${body}`);
    expect(answer?.status).toBe(202);
    expect(answer?.headers.get('connection')).toBe('close');
    expect(await jobsIn('old')).toBe(1);
  });

  it('can send Expect: 100-continue', async () => {
    const headers = { ...JSON_TYPE, expect: '100-continue' };
    const answers = await exchange(requestText('POST', '/jobs', headers, job('expect')));
    expect(statuses(answers)).toEqual([100, 202]);
  });

  it('can send a chunked body', async () => {
    const text = job('chunks');
    const chunks = [...text].map((letter) => `1\r\n${letter}\r\n`).join('');
    const head = requestText('POST', '/jobs', { ...JSON_TYPE, 'transfer-encoding': 'chunked' });
    expect(statuses(await exchange(head, chunks, '0\r\n\r\n'))).toEqual([202]);
    expect(await jobsIn('chunks')).toBe(1);
  });

  it('can pipeline requests and gets the responses in order', async () => {
    const answers = await exchange(
      requestText('POST', '/jobs', { ...KEEP, ...JSON_TYPE }, job('ahead')) +
        requestText('POST', '/jobs', { ...KEEP, ...JSON_TYPE }, '{"task":7}') +
        requestText('GET', '/nope', KEEP) +
        requestText('GET', '/queues', KEEP) +
        requestText('GET', '/livez'),
    );
    expect(statuses(answers)).toEqual([202, 400, 404, 200, 200]);
    expect(JSON.parse(answers[3]?.body ?? '')).toHaveProperty('items');
    expect(await jobsIn('ahead')).toBe(1);
  });

  it.each([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON', JSON_TYPE],
    ['no type', {}],
  ])('can send the Content-Type of %s with an empty body', async (_name, type) => {
    const headers = { ...type, 'content-length': '0' };
    const answers = await exchange(requestText('POST', '/queues/quiet/pause', headers));
    expect(statuses(answers)).toEqual([200]);
  });

  it('can send an absolute URL', async () => {
    expect(statuses(await exchange(requestText('GET', 'http://localhost/livez')))).toEqual([200]);
  });

  it.each(['/livez', '/queues', '/openapi.json', '/jobs/x', '/nope'])('can send HEAD to %s', async (path) => {
    const [get] = await exchange(requestText('GET', path));
    const text = await wire(api.origin, requestText('HEAD', path));
    expect(text.endsWith('\r\n\r\n')).toBe(true);
    const [head] = parseAnswers(text);
    expect(head?.status).toBe(get?.status);
    expect(head?.headers.get('content-type')).toBe(get?.headers.get('content-type'));
  });
});

describe('a connection', () => {
  it.each<[string, string, string, Record<string, string>, string, number]>([
    ['a wrong type', 'POST', '/jobs', {}, '{"task":1}', 415],
    ['a fault in a job', 'POST', '/jobs', JSON_TYPE, '{"task":1}', 400],
    ['a wrong method', 'PUT', '/jobs', JSON_TYPE, '{"task"', 405],
    ['a wrong address', 'POST', '/nope', JSON_TYPE, '{"task":1}', 404],
    ['a rejected header', 'POST', '/jobs', { ...JSON_TYPE, 'idempotency-key': '"' }, '{"task":"echo"}', 400],
    ['a line that is too long', 'POST', '/jobs/batch', NDJSON_TYPE, `"${'x'.repeat(500_000)}"`, 207],
  ])(
    'delivers the response to %s, and is then usable or closed',
    async (_name, method, path, type, body, status) => {
      const first = requestText(method, path, { ...KEEP, ...type }, body);
      const [answer, next, ...none] = await exchange(first, requestText('GET', '/livez'));
      expect(answer?.status).toBe(status);
      expect(none).toEqual([]);
      // Either the server said that it hangs up, or it went on to serve.
      expect(next?.status ?? answer?.headers.get('connection')).toBe(next === undefined ? 'close' : 200);
    },
  );

  it('does not parse a rejected body as another request', async () => {
    const inner = requestText('POST', '/jobs', JSON_TYPE, job('smuggled'));
    for (const type of [{}, JSON_TYPE, { ...JSON_TYPE, 'content-encoding': 'gzip' }]) {
      await exchange(requestText('POST', '/jobs', { ...KEEP, ...type }, inner), requestText('GET', '/livez'));
    }
    expect(await jobsIn('smuggled')).toBe(0);
  });

  it.each([
    ['a foreign host', 'host: evil.example\r\n'],
    ['an own host', 'host: localhost\r\n'],
  ])('runs no request that comes after an answer that says close: %s', async (_name, host) => {
    const first = `POST /queues/late/resume HTTP/1.1\r\n${host}expect: 100-continue\r\n\r\n`;
    for (const [method, path] of [
      ['POST', '/queues/late/pause'],
      ['GET', '/events'],
      ['GET', '/queues/late/events'],
    ] as const) {
      const answers = await exchange(first + requestText(method, path));
      const final = answers.filter(({ status }) => status !== 100);
      expect([path, final.length, final[0]?.headers.get('connection')]).toEqual([path, 1, 'close']);
    }
    expect((await api.http.get('/queues/late')).body.paused).toBe(false);
    expect([undefined, 'late'].map((queue) => api.app.streamHub.hasReaders(queue))).toEqual([false, false]);
  });

  it('stores nothing of a body that breaks off', async () => {
    const before = await stored(redis);
    const controller = new AbortController();
    const body = new ReadableStream({
      pull(stream) {
        stream.enqueue(Buffer.from(job('broken-off')));
        controller.abort();
      },
    });
    const { signal } = controller;
    const init = { method: 'POST', headers: JSON_TYPE, body, duplex: 'half', signal } as RequestInit;
    await expect(fetch(`${api.origin}/jobs`, init)).rejects.toThrow();
    expect((await api.http.get('/livez')).status).toBe(200);
    expect(await stored(redis)).toEqual(before);
  });
});
