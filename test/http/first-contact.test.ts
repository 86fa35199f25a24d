import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ServiceEvent } from '../../src/observer.ts';
import { createObserver } from '../../src/observer.ts';
import { Problem } from '../../src/schemas/problem.ts';
import { expectProblem, expectShape } from '../helpers/api/expect-schema.ts';
import { JSON_TYPE, NDJSON_TYPE, send } from '../helpers/api/send.ts';
import { useApi } from '../helpers/api/server.ts';
import { parseAnswers, requestText, wire } from '../helpers/api/wire.ts';
import { openStream } from '../helpers/events/sse-client.ts';
import { until, useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const events: ServiceEvent[] = [];
const api = useApi(
  redis,
  {},
  createObserver({ wants: () => true, observe: (event) => void events.push(event) }),
);

const submit = (job: object) => send(api.origin, { headers: JSON_TYPE, body: JSON.stringify(job) });

describe('a submit', () => {
  it('may begin with a byte order mark, as JSON and as lines', async () => {
    expect((await send(api.origin, { headers: JSON_TYPE, body: '\ufeff{"task":"echo"}' })).status).toBe(202);
    const lines = {
      path: '/jobs/batch',
      headers: NDJSON_TYPE,
      body: '\ufeff{"task":"echo"}\n{"task":"echo"}\n',
    };
    expect((await send(api.origin, lines)).body.items).toMatchObject([{ status: 202 }, { status: 202 }]);
  });

  it('may have null for every member that it may leave out', async () => {
    const job = {
      task: 'echo',
      queue: null,
      priority: null,
      delay: null,
      runAt: null,
      attempts: null,
      timeout: null,
    };
    const nulls = {
      ...job,
      backoff: null,
      expiresIn: null,
      resultTtl: null,
      metadata: null,
      keepPayload: null,
    };
    const answer = await submit({ ...nulls, payload: null });
    expect([answer.status, answer.body.payload]).toEqual([202, null]);
    const batch = { path: '/jobs/batch', headers: JSON_TYPE, body: JSON.stringify({ jobs: [nulls] }) };
    expect((await send(api.origin, batch)).body.items).toMatchObject([{ status: 202 }]);
    expectProblem(await submit({ ...nulls, task: null }), 400, 'invalid-request', ['/task']);
    const schedule = { cron: '0 0 * * *', every: null, timeZone: null, job: nulls };
    const put = {
      method: 'PUT',
      path: '/schedules/nulls',
      headers: JSON_TYPE,
      body: JSON.stringify(schedule),
    };
    // A scheduled job has no delay and no runAt: these are unknown members.
    expectProblem(await send(api.origin, put), 400, 'invalid-request', ['/job/delay', '/job/runAt']);
    const { delay: _, runAt: __, ...rest } = nulls;
    const body = JSON.stringify({ ...schedule, job: rest });
    expect((await send(api.origin, { ...put, body })).status).toBe(201);
  });

  it.each([
    ['2099-12-31T00:00:00Z', '2099-12-31T00:00:00.000Z'],
    ['2030-01-01T00:00:00+05', '2029-12-31T19:00:00.000Z'],
    ['2030-01-01T00:00:00-0530', '2030-01-01T05:30:00.000Z'],
    ['2030-06-30T23:59:60Z', '2030-07-01T00:00:00.000Z'],
    ['2030-01-01t00:00:00.5z', '2030-01-01T00:00:00.500Z'],
  ])('may start at %s', async (runAt, shown) => {
    expect((await submit({ task: 'echo', runAt })).body.runAt).toBe(shown);
  });

  it('may have a slash at the end of its path', async () => {
    const answer = await send(api.origin, { path: '/jobs/', headers: JSON_TYPE, body: '{"task":"echo"}' });
    expect([answer.status, answer.headers['location']]).toEqual([202, `/jobs/${answer.body.id}`]);
    expect((await send(api.origin, { method: 'GET', path: '/queues/' })).status).toBe(200);
  });
});

it.each(['cancelled', 'expired'])('a job that is %s keeps its payload with keepPayload', async (status) => {
  const payload = '{"n":9007199254740993,"x":1.0}';
  const more = status === 'expired' ? ',"expiresIn":1' : '';
  const body = `{"task":"echo","queue":"kept","keepPayload":true,"payload":${payload}${more}}`;
  const { id } = (await send(api.origin, { headers: JSON_TYPE, body })).body;
  if (status === 'cancelled') await send(api.origin, { path: `/jobs/${id}/cancel` });
  const read = () => send(api.origin, { method: 'GET', path: `/jobs/${id}` });
  await until(async () => (await read()).body.status === status, 'the end of the job');
  expect((await read()).text).toContain(`"payload":${payload}`);
});

describe('a schedule', () => {
  it('may have a question mark in its cron', async () => {
    const body = JSON.stringify({ cron: '0 12 ? * MON' });
    const answer = await send(api.origin, { path: '/schedules/preview', headers: JSON_TYPE, body });
    expect(answer.body.items).toHaveLength(10);
  });
});

describe('a page that listens to events', () => {
  it('waits for the first job of a queue', async () => {
    const stream = await openStream(api.origin, `/queues/first/events?t=1&_=2`);
    const { id } = (await submit({ task: 'echo', queue: 'first' })).body;
    await send(api.origin, { path: `/jobs/${id}/cancel` });
    expect((await stream.message('cancelled')).data).toMatchObject({ job: id });
    stream.close();
  });

  it('goes on after ?lastEventId=, and the header wins', async () => {
    const { id } = (await submit({ task: 'echo', queue: 'again' })).body;
    await send(api.origin, { path: `/jobs/${id}/cancel` });
    const stream = await openStream(api.origin, `/queues/again/events?lastEventId=0-0`);
    const first = await stream.message('cancelled');
    stream.close();
    const path = `/jobs/${id}/events?lastEventId=0-0&_=1`;
    const ended = { method: 'GET', path, headers: { 'last-event-id': first.id } };
    expect((await send(api.origin, ended)).status).toBe(204);
  });
});

describe('a request that Node would answer by itself', () => {
  it.each([
    ['without a host', 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['with another expectation', requestText('POST', '/jobs', { expect: 'a-miracle' }), 417],
  ])('gets a problem document: %s', async (_, text, status) => {
    const [answer] = parseAnswers(await wire(api.origin, text));
    expect(answer?.status).toBe(status);
    expect(answer?.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const problem = JSON.parse(answer?.body ?? '');
    expectShape(Problem, problem);
    expect(problem.status).toBe(status);
  });

  it('may lack a host in HTTP/1.0', async () => {
    const [answer] = parseAnswers(await wire(api.origin, 'GET /livez HTTP/1.0\r\n\r\n'));
    expect(answer?.status).toBe(200);
  });
});

it.each(['application/json', 'application/x-ndjson'])(
  'a client that hangs up in a body of %s is no trouble of Redis',
  async (type) => {
    const path = type.endsWith('ndjson') ? '/jobs/batch' : '/jobs';
    const { hostname, port } = new URL(api.origin);
    const accepted = once(api.app.server, 'connection');
    const socket = connect(Number(port), hostname);
    socket.write(requestText('POST', path, { 'content-type': type, 'content-length': '1000' }));
    socket.write('{"task":"echo"}\n');
    const [connection] = await accepted;
    const closed = once(connection, 'close');
    // The request must have reached its route: another one that comes later has been answered.
    expect((await submit({ task: 'echo' })).status).toBe(202);
    socket.destroy();
    await closed;
    expect((await submit({ task: 'echo' })).status).toBe(202);
    expect(events.filter(({ kind }) => kind === 'redis-trouble' || kind === 'defect')).toEqual([]);
  },
);
