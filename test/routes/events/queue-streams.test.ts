import { describe, expect, it } from 'vitest';
import { JobMessage } from '../../../src/schemas/event-stream.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { openStream, typesIn } from '../../helpers/events/sse-client.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  send(api.origin, { method, path, headers });

describe('a queue stream', () => {
  it('sends every reader the events of its own types', async () => {
    const worker = await workerOf('fan');
    await api.submit({ task: 'echo', queue: 'fan' });
    const all = await openStream(api.origin, '/queues/fan/events');
    const twin = await openStream(api.origin, '/queues/fan/events');
    const ends = await openStream(api.origin, '/queues/fan/events?type=completed,failed');
    await worker.complete(await worker.take(), 1);
    await api.http.post('/queues/fan/pause').expect(200);
    await all.count(3);
    await twin.count(3);
    await ends.count(1);
    expect(typesIn(all.messages)).toEqual(['started', 'completed', 'paused']);
    expect(twin.messages).toEqual(all.messages);
    expect(ends.messages).toEqual([all.messages[1]]);
    expect(all.messages[2]?.data).toEqual({
      id: all.messages[2]?.id,
      type: 'paused',
      queue: 'fan',
      at: expect.stringMatching(/Z$/),
    });
    for (const stream of [all, twin, ends]) stream.close();
  });

  it('resumes after any event, also within an entry', async () => {
    const worker = await workerOf('middle');
    for (let i = 0; i < 5; i += 1) await api.submit({ task: 'echo', queue: 'middle' });
    const first = await openStream(api.origin, '/queues/middle/events');
    await worker.takeNow(5);
    const messages = await first.count(5);
    first.close();
    expect(new Set(messages.map(({ id }) => id.split('-').slice(0, 2).join())).size).toBe(1);
    for (const [i, { id }] of messages.entries()) {
      const rest = await openStream(api.origin, '/queues/middle/events', { lastEventId: id });
      await api.http.post(`/queues/middle/${i % 2 === 0 ? 'pause' : 'resume'}`).expect(200);
      await rest.message(i % 2 === 0 ? 'paused' : 'resumed');
      // The rest of the entry, and what has happened since.
      await rest.count(5);
      expect(rest.messages.slice(0, 4 - i)).toEqual(messages.slice(i + 1));
      rest.close();
    }
  });

  it('sends NDJSON lines if Accept prefers them', async () => {
    const worker = await workerOf('lines');
    await api.submit({ task: 'echo', queue: 'lines' });
    const stream = await openStream(api.origin, '/queues/lines/events', { accept: 'application/x-ndjson' });
    expect(stream.response.headers['content-type']).toMatch(/^application\/x-ndjson/);
    await until(() => {
      if (stream.text === '') api.app.streamHub.heartbeat();
      return stream.text.startsWith('\n');
    }, 'a sign of life');
    await worker.complete(await worker.take(), 1);
    await until(() => stream.text.trim().split('\n').length === 2, 'two lines');
    // The sign of life is a line of its own, and empty.
    expect(stream.text).toMatch(/^\n+\{.*\}\n\{.*\}\n$/);
    const events = stream.text.trim().split('\n');
    expect(events.map((line) => JSON.parse(line))).toMatchObject([
      { type: 'started', queue: 'lines' },
      { type: 'completed', queue: 'lines' },
    ]);
    stream.close();
  });

  it('of a job in NDJSON starts with the job', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'job-lines' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const { text } = await get(`/jobs/${id}/events`, { accept: 'application/x-ndjson' });
    expectShape(JobMessage, JSON.parse(text));
    expect(JSON.parse(text)).toMatchObject({ type: 'job', job: await api.get(id) });
  });

  it('rejects other formats, and foreign ids, and answers HEAD without a body', async () => {
    await api.submit({ task: 'echo', queue: 'forms' });
    const path = '/queues/forms/events';
    expectProblem(await get(path, { accept: 'application/json' }), 406, 'not-acceptable');
    expectProblem(await get(path, { accept: 'text/event-stream;q=0' }), 406, 'not-acceptable');
    for (const id of ['x', '1-1-1~forms', '1', '1-', '-1', '1-1-1-1', '9'.repeat(40)]) {
      const answer = await get(path, { 'last-event-id': id });
      expectProblem(answer, 400, 'invalid-request', ['/last-event-id']);
    }
    expectProblem(await get('/events', { 'last-event-id': '1-1-1' }), 400, 'invalid-request');
    expectProblem(await get(`${path}?type=started,x`), 400, 'invalid-request', ['/type']);
    expectProblem(await get(`${path}?other=1`), 400, 'invalid-request', ['/other']);
    expectProblem(await get(`${path}?lastEventId=x`), 400, 'invalid-request');
    const head = await get(path, {}, 'HEAD');
    expect([head.status, head.headers['content-type'], head.text]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      '',
    ]);
  });
});
