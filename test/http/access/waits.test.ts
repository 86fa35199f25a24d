import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { type Answer, JSON_TYPE, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { parseAnswers, requestText } from '../../helpers/api/wire.ts';
import { type OpenStream, openStream } from '../../helpers/events/sse-client.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { recordEvents } from '../../helpers/telemetry/recorder.ts';

const redis = useRedis();
const recorder = recordEvents('wait-started');
const api = useApi(redis, { ...WITH_KEYS, UNKNOWN_TASKS: 'accept' }, recorder.observe);

/** How long a revoked key may still be good for what is open, ms; and the slack of a busy machine. */
const MOST_MS = 2_000 + 2_000;

const JOB = { task: 't', queue: 'uploaded' };

let key: string;
let job: string;
let streams: OpenStream[];
let waits: Promise<Answer>[];
let upload: Socket;
let uploaded: Promise<string>;
let kept: OpenStream;
let ms: number;

const ask = (path: string, sent: string, body?: object): Promise<Answer> =>
  send(api.origin, {
    method: body === undefined ? 'GET' : 'POST',
    path,
    headers: { ...JSON_TYPE, ...bearer(sent) },
    body: body && JSON.stringify(body),
  });

/** Resolves to the first bytes that come back, which hold a short answer. */
const firstAnswer = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

/** All that can stay open, with one key, which is then revoked. */
beforeAll(async () => {
  const made = await makeKey(api.origin, ['read', 'work', 'submit', 'manage']);
  ({ key } = made);
  job = (await ask('/jobs', key, { task: 't', queue: 'held', delay: '1h' })).body.id;
  await send(api.origin, {
    method: 'PUT',
    path: '/queues/held/subscriptions/s',
    headers: { ...JSON_TYPE, ...bearer(key) },
    body: '{}',
  });
  const headers = bearer(key);
  streams = await Promise.all(
    ['/events', '/queues/held/events', `/jobs/${job}/events`].map((path) =>
      openStream(api.origin, path, { headers }),
    ),
  );
  kept = await openStream(api.origin, '/events', { headers: bearer(ADMIN_KEY) });
  waits = [
    ask(`/jobs/${job}?wait=60`, key),
    ask('/leases', key, { queues: ['held'], waitMs: 30_000 }),
    ask('/queues/held/subscriptions/s/read', key, { waitMs: 30_000 }),
    ask('/jobs?wait=60', key, { task: 't', queue: 'held', delay: '1h' }),
  ];
  // Short enough to be read and dropped on a connection that is kept.
  const length = { 'content-length': '60000', connection: 'keep-alive' };
  upload = connect(Number(new URL(api.origin).port), '127.0.0.1');
  upload.write(requestText('POST', '/jobs/batch', { ...NDJSON_TYPE, ...headers, ...length }));
  upload.write(`${JSON.stringify(JOB)}\n`);
  uploaded = firstAnswer(upload);
  const waiting = () => recorder.ofKind('wait-started').length === waits.length;
  await until(waiting, 'all waits');
  const from = performance.now();
  await send(api.origin, {
    method: 'DELETE',
    path: `/keys/${made.id}`,
    headers: bearer(ADMIN_KEY),
  });
  await Promise.all([...streams.map(({ ended }) => ended), ...waits, uploaded]);
  ms = performance.now() - from;
});

describe('a key that is revoked while requests are open', () => {
  it('ends its streams and waits within a bounded time', () => {
    expect(ms).toBeLessThan(MOST_MS);
  });

  it('ends each stream with the reason', () => {
    for (const { messages } of streams) {
      expect(messages.at(-1)).toMatchObject({ type: 'dropped', data: { reason: 'access-ended' } });
    }
  });

  it('answers each wait with a 401', async () => {
    for (const answer of await Promise.all(waits)) {
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    }
  });

  it('ends an upload of lines with a 401, and stores nothing of what still comes', async () => {
    const [answer] = parseAnswers(await uploaded);
    expect([answer?.status, answer?.headers.get('connection')]).toEqual([401, 'close']);
    upload.end(`${JSON.stringify(JOB)}\n`.repeat(1_500));
    await once(upload, 'close');
    expect(await redis.client.exists(queueKeys('mr', JOB.queue).stream.normal)).toBe(0);
  });

  it('leaves no job with a worker that has no key', async () => {
    await ask('/jobs', ADMIN_KEY, { task: 't', queue: 'held' });
    const { body } = await ask('/leases', ADMIN_KEY, { queues: ['held'], waitMs: 10_000 });
    expect(body.jobs).toHaveLength(1);
  });

  it('leaves the streams of others open', () => {
    expect(kept.response.closed).toBe(false);
    kept.close();
  });
});
