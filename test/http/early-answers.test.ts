import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/schemas/problem.ts';
import { bearer, makeKey, WITH_KEYS } from '../helpers/api/keys.ts';
import { JSON_TYPE, NDJSON_TYPE, send } from '../helpers/api/send.ts';
import { useApi } from '../helpers/api/server.ts';
import { parseAnswers, requestText, wire } from '../helpers/api/wire.ts';
import { useRedis } from '../helpers/redis/server.ts';

/** More than the sockets of both sides hold. */
const BODY_BYTES = 8_000_000;

const redis = useRedis();
const api = useApi(redis);
const locked = useApi(redis, WITH_KEYS);

interface Case {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: that of the API without keys. */
  readonly origin?: string;
}

/** Requests that the service answers before it has read their body. */
const CASES: readonly [number, string, Case][] = [
  [413, 'payload-too-large', { method: 'POST', path: '/jobs', headers: JSON_TYPE }],
  [415, 'unsupported-media-type', { method: 'POST', path: '/jobs', headers: { 'content-type': 'text/xml' } }],
  [405, 'method-not-allowed', { method: 'PUT', path: '/jobs', headers: JSON_TYPE }],
  [404, 'route-not-found', { method: 'POST', path: '/nope', headers: { 'content-type': 'text/xml' } }],
  [400, 'invalid-request', { method: 'POST', path: '/%zz', headers: JSON_TYPE }],
  [
    403,
    'cross-site',
    { method: 'POST', path: '/jobs', headers: { ...JSON_TYPE, origin: 'https://evil.example' } },
  ],
  [
    421,
    'misdirected-request',
    { method: 'POST', path: '/jobs', headers: { ...JSON_TYPE, host: 'evil.example' } },
  ],
];

/** Requests that Node hands to no route. `fetch` cannot send them, and Node names the host unless it is told not to. */
const WITHOUT_ROUTE: readonly [number, Case][] = [
  [417, { method: 'POST', path: '/jobs', headers: { ...JSON_TYPE, expect: 'tea' } }],
  [431, { method: 'POST', path: '/jobs', headers: { ...JSON_TYPE, 'x-long': 'x'.repeat(20_000) } }],
];
const WITHOUT_HOST: Case = { method: 'POST', path: '/jobs', headers: JSON_TYPE };

const body = Buffer.alloc(BODY_BYTES, 'x');

/** Requests of clients without a good key, and with a key whose rate is spent. */
async function refusedCases(): Promise<typeof CASES> {
  const { key } = await makeKey(locked.origin, ['submit'], { rate: { limit: 1, per: '1h' } });
  await send(locked.origin, { method: 'GET', path: '/', headers: bearer(key) });
  const submit = { method: 'POST', path: '/jobs/batch', headers: NDJSON_TYPE, origin: locked.origin };
  return [
    [401, 'unauthorized', submit],
    [401, 'unauthorized', { ...submit, headers: { ...NDJSON_TYPE, ...bearer('wrong') } }],
    [429, 'rate-limited', { ...submit, headers: { ...NDJSON_TYPE, ...bearer(key) } }],
  ];
}

/** Node's http client. Without a length it sends the body in chunks. */
function sendWithNode(
  { method, path, headers, origin = api.origin }: Case,
  length: number | undefined,
  setHost = true,
): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const sized = length === undefined ? headers : { ...headers, 'content-length': length };
    const outgoing = request(new URL(path, origin), { method, headers: sized, agent: false, setHost });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      json(incoming).then((problem) => resolve([incoming.statusCode, (problem as Problem).code]), reject);
    });
    outgoing.end(body);
  });
}

async function sendWithFetch({ method, path, headers, origin = api.origin }: Case): Promise<unknown[]> {
  const answer = await fetch(`${origin}${path}`, { method, headers, body });
  return [answer.status, ((await answer.json()) as Problem).code];
}

async function sendWithPython(
  { method, path, headers, origin = api.origin }: Case,
  ...more: string[]
): Promise<unknown> {
  const script = fileURLToPath(new URL('../helpers/api/clients.py', import.meta.url));
  const args = [script, origin, method, path, JSON.stringify(headers), String(BODY_BYTES), ...more];
  const { stdout } = await promisify(execFile)('python3', args);
  return JSON.parse(stdout);
}

describe('an answer that comes before the body was read', () => {
  it.each(CASES)('reaches clients that send all of it first: %i %s', async (status, code, message) => {
    const answer = [status, code];
    expect(await sendWithPython(message)).toEqual([answer, answer, answer]);
    expect(await sendWithNode(message, BODY_BYTES)).toEqual(answer);
    expect(await sendWithNode(message, undefined)).toEqual(answer);
    // It sends the host of its URL, whatever the headers say.
    if (status !== 421) expect(await sendWithFetch(message)).toEqual(answer);
  });

  it('reaches clients whose key is not good, or is spent', async () => {
    for (const [status, code, message] of await refusedCases()) {
      const answer = [status, code];
      expect(await sendWithPython(message)).toEqual([answer, answer, answer]);
      expect(await sendWithNode(message, BODY_BYTES)).toEqual(answer);
      expect(await sendWithNode(message, undefined)).toEqual(answer);
      expect(await sendWithFetch(message)).toEqual(answer);
    }
  });

  it.each(WITHOUT_ROUTE)('reaches them where no route takes the request: %i', async (status, message) => {
    const answer = [status, 'invalid-request'];
    expect(await sendWithPython(message)).toEqual([answer, answer, answer]);
    expect(await sendWithNode(message, BODY_BYTES)).toEqual(answer);
    expect(await sendWithNode(message, undefined)).toEqual(answer);
  });

  it('reaches them where the request names no host', async () => {
    const answer = [400, 'invalid-request'];
    expect(await sendWithPython(WITHOUT_HOST, 'without-host')).toEqual([answer, answer]);
    expect(await sendWithNode(WITHOUT_HOST, BODY_BYTES, false)).toEqual(answer);
    expect(await sendWithNode(WITHOUT_HOST, undefined, false)).toEqual(answer);
  });

  it('comes instead of 100 Continue, and the client need not send the body', async () => {
    for (const [status, , { method, path, headers, origin = api.origin }] of [
      ...CASES,
      ...(await refusedCases()),
    ]) {
      const expecting = { ...headers, expect: '100-continue', 'content-length': String(BODY_BYTES) };
      const head = requestText(method, path, { ...expecting, connection: 'keep-alive' });
      const [answer, ...none] = parseAnswers(await wire(origin, head));
      expect(answer?.status).toBe(status);
      expect(answer?.headers.get('connection')).toBe('close');
      expect(none).toEqual([]);
    }
  });

  it('keeps the connection when what is unread is short', async () => {
    const refused = requestText(
      'PUT',
      '/jobs',
      { ...NDJSON_TYPE, connection: 'keep-alive' },
      'x'.repeat(1_000),
    );
    const answers = parseAnswers(await wire(api.origin, refused, requestText('GET', '/livez')));
    expect(answers.map(({ status }) => status)).toEqual([405, 200]);
  });

  it('closes the connection when nobody knows how long what is unread is', async () => {
    const wrongMethod = CASES.filter(([status]) => status === 405);
    for (const [status, , message] of [...wrongMethod, ...(await refusedCases())]) {
      const { method, path, headers, origin = api.origin } = message;
      const chunked = { ...headers, connection: 'keep-alive', 'transfer-encoding': 'chunked' };
      const [answer] = parseAnswers(
        await wire(origin, `${requestText(method, path, chunked)}5\r\nxxxxx\r\n`),
      );
      expect([answer?.status, answer?.headers.get('connection')]).toEqual([status, 'close']);
    }
  });
});
