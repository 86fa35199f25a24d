import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, startChild } from '../../../src/local/child-process.ts';
import { untilApiReady } from '../../../src/local/ready.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import { createOrphanReaper, type OrphanReaper } from '../../../src/orphan-reaper.ts';
import { JSON_TYPE, type Message, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { wire } from '../../helpers/api/wire.ts';
import { PATIENCE_MS } from '../../helpers/patience.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const SECRET = 'sEcReT-7531';
const SERVER = fileURLToPath(new URL('../../../dist/src/server.js', import.meta.url));
const redis = useRedis({ port: await freePort(), password: SECRET });

const env = {
  LOG_LEVEL: 'trace',
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:${SECRET}@127.0.0.1:1`,
  OTEL_EXPORTER_OTLP_HEADERS: `authorization=${SECRET}`,
  OTEL_EXPORTER_OTLP_TIMEOUT: '100',
  OTEL_BSP_SCHEDULE_DELAY: '10',
};
const shared = useWorker(redis, env);
const logged: string[] = [];
const answers: string[] = [];
let origin: string;
let reaper: OrphanReaper;
let api: Child;

beforeAll(async () => {
  reaper = createOrphanReaper();
  const port = String(await freePort());
  origin = `http://127.0.0.1:${port}`;
  const own = { ...env, PATH: process.env['PATH'], REDIS_URL: redis.url, PORT: port, LOG_REQUESTS: 'on' };
  const onLine = (line: string) => logged.push(line);
  const command = { command: process.execPath, args: [SERVER] };
  api = await startChild({ name: 'The API', ...command, env: own, onLine, reaper });
  await untilApiReady(origin, AbortSignal.timeout(PATIENCE_MS));
});
afterAll(() => reaper.end());

const CREDENTIALS = {
  authorization: `Bearer ${SECRET}`,
  cookie: `session=${SECRET}`,
  'x-api-key': SECRET,
  tracestate: `a=${SECRET}`,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

/** Sends a request with secrets in its headers. Keeps what it is told if that is a problem. */
async function ask(message: Message): Promise<number> {
  const headers = { ...CREDENTIALS, ...JSON_TYPE, ...message.headers };
  const answer = await send(origin, { ...message, headers });
  if (answer.status !== 207 && answer.status < 400) return answer.status;
  answers.push(answer.text);
  return answer.status;
}

const job = (more: object) => JSON.stringify({ task: 'echo', payload: { pin: SECRET }, ...more });

/** Requests that are refused, and why. */
const REFUSED: readonly (readonly [string, number, Message])[] = [
  ['an unknown query parameter', 400, { path: `/jobs?token=${SECRET}`, body: job({}) }],
  ['a path that is not there', 404, { method: 'GET', path: `/none?key=${SECRET}` }],
  ['another method', 405, { method: 'PUT', path: `/jobs?key=${SECRET}` }],
  ['a query that cannot be decoded', 400, { method: 'GET', path: `/jobs/%zz?key=${SECRET}` }],
  ['broken JSON', 400, { body: `{"task":"echo","payload":"${SECRET}` }],
  ['broken JSON after a value', 400, { body: `{"payload":"${SECRET}"} ${SECRET}` }],
  ['a value that is not allowed', 400, { body: job({ priority: SECRET, delay: SECRET, metadata: SECRET }) }],
  ['an unknown task', 422, { body: job({ task: 'none' }) }],
  ['a payload that does not fit', 422, { body: job({ task: 'typed-task', payload: { n: SECRET } }) }],
  ['a body of another type', 415, { headers: { 'content-type': 'text/plain' }, body: SECRET }],
  [
    'lines of which some are wrong',
    207,
    { path: '/jobs/batch', headers: NDJSON_TYPE, body: `{"payload":"${SECRET}"}\n"${SECRET}"\n{${SECRET}\n` },
  ],
  [
    'a batch with wrong jobs',
    400,
    { path: '/jobs/batch?atomic=true', body: JSON.stringify({ jobs: [{ payload: SECRET }] }) },
  ],
  [
    'a report under a lease that is none',
    400,
    {
      path: '/jobs/default~n1-0/complete',
      body: JSON.stringify({ lease: `a.0~n1~default`, result: SECRET }),
    },
  ],
];

describe('logs and problem documents show no secret', () => {
  it.each(REFUSED)('of a request that is refused for %s', async (_, status, message) => {
    expect(await ask(message)).toBe(status);
  });

  it('of jobs that run, fail and end', async () => {
    expect(await ask({ path: '/jobs?wait=30', body: job({ keepPayload: true }) })).toBe(200);
    expect(await ask({ path: '/jobs?wait=30', body: job({ task: 'fail', attempts: 1 }) })).toBe(200);
    const lie = { task: 'typed-task', payload: { n: 1, lie: true }, attempts: 1 };
    expect(await ask({ path: '/jobs?wait=30', body: job(lie) })).toBe(200);
    expect(await ask({ path: '/jobs?wait=30', body: job({ task: 'steps' }) })).toBe(200);
  });

  it('of what is no HTTP', async () => {
    answers.push(await wire(origin, `GET /?${SECRET} HTTP/9\r\nauthorization: ${SECRET}\r\n\r\n`));
  });

  it('of troubles of the service and of Redis, whose password stands in its URL', async () => {
    await redis.client.set('mr:{broken}:events', 'no stream');
    expect(await ask({ method: 'GET', path: `/queues/broken/history?cursor=${SECRET}` })).toBeGreaterThan(
      399,
    );
    await redis.client.config('SET', 'maxmemory', '1');
    expect(await ask({ body: job({}) })).toBe(503);
    await redis.client.config('SET', 'maxmemory', '0');
    await redis.client.config('SET', 'requirepass', 'another');
    await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await shared.worker.line('redis-trouble');
    await until(() => logged.some((line) => line.includes('redis-trouble')), 'a trouble of the API');
    await ask({ body: job({}) });
    await redis.client.config('SET', 'requirepass', SECRET);
    await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await redis.server.stop();
    expect(await ask({ body: job({}) })).toBe(503);
  });

  it('in any line or answer so far, down to their ends', async () => {
    const { worker } = shared;
    await Promise.all([api.stop(PATIENCE_MS), worker.stop()]);
    const lines = worker.lines.map((line) => JSON.stringify(line));
    expect(logged.filter((line) => line.includes('"request"')).length).toBeGreaterThan(REFUSED.length);
    expect(lines.filter((line) => line.includes('attempt-failed')).length).toBeGreaterThan(1);
    expect(answers.length).toBeGreaterThan(REFUSED.length);
    const all = [...logged, ...lines, worker.stderr, ...answers];
    expect(all.filter((text) => text.includes(SECRET))).toEqual([]);
  });
});
