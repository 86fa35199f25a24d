import { describe, expect, it } from 'vitest';
import { lanes, queueKeys } from '../../../src/redis/keys.ts';
import { JobEvent } from '../../../src/schemas/event.ts';
import { EndEvent, JobMessage } from '../../../src/schemas/event-stream.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { type OpenStream, openStream, typesIn } from '../../helpers/events/sse-client.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  send(api.origin, { method, path, headers });

/** Gives signs of life to all readers until the stream ends. */
async function beatUntilEnd(stream: OpenStream): Promise<void> {
  await until(() => {
    api.app.eventHub.beat();
    return stream.response.closed;
  }, 'the end of the stream');
}

describe("a job's events", () => {
  it('begin with the job as it is, and end with its end and result', async () => {
    const worker = await workerOf('job');
    const job = await api.submit({ task: 'echo', queue: 'job', payload: 1 });
    const stream = await openStream(api.origin, `/jobs/${job.id}/events`);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const [first] = await stream.count(1);
    expect(first).toMatchObject({ type: 'job', data: job });
    const other = await api.submit({ task: 'echo', queue: 'job', priority: 'low' });
    const delivery = await worker.take();
    await worker.progress(delivery, { step: 1 });
    await worker.take();
    await worker.complete(delivery, { sum: 7 });
    await stream.ended;
    expect(typesIn(stream.messages)).toEqual(['job', 'started', 'progress', 'completed']);
    const [, started, progress, completed] = stream.messages;
    expectShape(JobEvent, started?.data);
    expect(started?.data).toMatchObject({ type: 'started', queue: 'job', job: job.id, id: started?.id });
    expect(progress?.data).toMatchObject({ progress: { step: 1 } });
    expectShape(EndEvent, completed?.data);
    expect(completed?.data).toMatchObject({ snapshot: await api.get(job.id) });
    expect(completed?.data['snapshot']).toMatchObject({ status: 'completed', result: { sum: 7 } });
    expect(stream.text).not.toContain(other.id);
  });

  it('tell what an EventSource that comes back has missed, and then 204', async () => {
    const worker = await workerOf('back');
    const { id } = await api.submit({ task: 'echo', queue: 'back' });
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    await stream.count(1);
    stream.close();
    const delivery = await worker.take();
    await worker.complete(delivery, 1);
    const again = await openStream(api.origin, `/jobs/${id}/events`, { lastEventId: stream.parser.lastId });
    await again.ended;
    expect(typesIn(again.messages)).toEqual(['started', 'completed']);
    const started = await openStream(api.origin, `/jobs/${id}/events`, {
      lastEventId: again.messages[0]?.id,
    });
    await started.ended;
    expect(typesIn(started.messages)).toEqual(['completed']);
    const over = await get(`/jobs/${id}/events`, { 'last-event-id': again.parser.lastId });
    expect([over.status, over.text]).toEqual([204, '']);
  });

  it('of a job that has ended are the job alone, and 204 after it', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'over' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    await stream.ended;
    expect(stream.messages).toMatchObject([{ type: 'job', data: { id, status: 'cancelled' } }]);
    expect((await get(`/jobs/${id}/events`, { 'last-event-id': stream.parser.lastId })).status).toBe(204);
  });

  it('that are not kept any more end with the job, once, for who knows nothing of it', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'trimmed' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const path = `/jobs/${id}/events`;
    for (const forget of [
      () => redis.client.xtrim(queueKeys('mr', 'trimmed').events, 'MAXLEN', 0),
      () => redis.client.del(queueKeys('mr', 'trimmed').events),
    ]) {
      await forget();
      const stream = await openStream(api.origin, path, { lastEventId: '0-0' });
      await stream.ended;
      expect(stream.messages).toMatchObject([{ type: 'job', data: { id, status: 'cancelled' } }]);
      expect((await get(path, { 'last-event-id': stream.parser.lastId })).status).toBe(204);
    }
  });

  it('of a job whose events are others end with the job after a reset', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'replaced' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const path = `/jobs/${id}/events`;
    const lastEventId = `${Date.now() + 60_000}-0`;
    const stream = await openStream(api.origin, path, { lastEventId });
    await stream.ended;
    expect(typesIn(stream.messages)).toEqual(['reset', 'job']);
    expect((await get(path, { 'last-event-id': stream.parser.lastId })).status).toBe(204);
  });

  it('go on to the last end of a job that was retried by hand', async () => {
    const worker = await workerOf('again');
    const { id } = await api.submit({ task: 'echo', queue: 'again' });
    const before = await openStream(api.origin, `/jobs/${id}/events`);
    await before.count(1);
    await worker.bury(await worker.take());
    await before.ended;
    await api.http.post(`/jobs/${id}/retry`).expect(202);
    await worker.bury(await worker.take());
    const all = await openStream(api.origin, `/jobs/${id}/events`, { lastEventId: '0-0' });
    await all.ended;
    expect(typesIn(all.messages)).toEqual(['started', 'failed', 'requeued', 'started', 'failed']);
    const rest = await openStream(api.origin, `/jobs/${id}/events`, { lastEventId: before.parser.lastId });
    await rest.ended;
    expect(typesIn(rest.messages)).toEqual(['requeued', 'started', 'failed']);
  });

  it('of a job that never was are a 404, and a 410 when it is not kept', async () => {
    expectProblem(await get('/jobs/nowhere~n1-0/events'), 404, 'job-not-found');
    expectProblem(await get('/jobs/x/events'), 404, 'job-not-found');
    const { id } = await api.submit({ task: 'echo', queue: 'gone' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    await api.http.delete(`/jobs/${id}`).expect(204);
    expectProblem(await get(`/jobs/${id}/events`), 410, 'job-gone');
  });

  it('of a job that lapses while nobody works on it end with a sign of life, for who came back too', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'lapse', expiresIn: '2s' });
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    await stream.count(1);
    stream.close();
    const { lastId } = stream.parser;
    const again = await openStream(api.origin, `/jobs/${id}/events`, { lastEventId: lastId });
    await beatUntilEnd(again);
    expect(typesIn(again.messages)).toEqual(['expired']);
  });

  it('of a job that lapses under the eyes of a reader end likewise', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'seen-lapse', expiresIn: '2s' });
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    await beatUntilEnd(stream);
    expect(typesIn(stream.messages)).toEqual(['job', 'expired']);
  });

  it('of a job that was handed back and lapses then end likewise', async () => {
    const worker = await workerOf('back-lapse');
    const { id } = await api.submit({ task: 'echo', queue: 'back-lapse', expiresIn: '3s' });
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    expect(await worker.release(await worker.take())).toEqual(['done']);
    await beatUntilEnd(stream);
    expect(typesIn(stream.messages)).toEqual(['job', 'started', 'released', 'expired']);
  });

  it('of a job that is not there any more, of which no event tells, end', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'lost' });
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    await stream.count(1);
    await redis.client.del(...lanes(queueKeys('mr', 'lost')));
    await beatUntilEnd(stream);
    expect(typesIn(stream.messages)).toEqual(['job']);
  });
});

describe("a queue's events", () => {
  it('are seen by every reader, each with its own types', async () => {
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

  it('go on after any of them, in the middle of an entry too', async () => {
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

  it('come as lines to who asks for them', async () => {
    const worker = await workerOf('lines');
    await api.submit({ task: 'echo', queue: 'lines' });
    const stream = await openStream(api.origin, '/queues/lines/events', { accept: 'application/x-ndjson' });
    expect(stream.response.headers['content-type']).toMatch(/^application\/x-ndjson/);
    await until(() => {
      if (stream.text === '') api.app.eventHub.beat();
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

  it('of a job as lines begin with the job', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'job-lines' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const { text } = await get(`/jobs/${id}/events`, { accept: 'application/x-ndjson' });
    expectShape(JobMessage, JSON.parse(text));
    expect(JSON.parse(text)).toMatchObject({ type: 'job', job: await api.get(id) });
  });

  it('are refused in other forms, after other ids, of other queues, and to HEAD have no body', async () => {
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
    expectProblem(await get('/queues/nowhere/events'), 404, 'queue-not-found');
    const head = await get(path, {}, 'HEAD');
    expect([head.status, head.headers['content-type'], head.text]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      '',
    ]);
  });
});
