import { describe, expect, it } from 'vitest';
import { lanes, queueKeys } from '../../../src/redis/keys.ts';
import { JobEvent } from '../../../src/schemas/event.ts';
import { EndEvent } from '../../../src/schemas/event-stream.ts';
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

/** Sends heartbeats to all readers until the stream ends. */
async function heartbeatUntilEnd(stream: OpenStream): Promise<void> {
  await until(() => {
    api.app.streamHub.heartbeat();
    return stream.response.closed;
  }, 'the end of the stream');
}

describe('a job stream', () => {
  it('starts with the current job and ends with its last event and result', async () => {
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

  it('sends a reconnecting EventSource the events it missed, then answers 204', async () => {
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

  it('of an ended job has the job alone, and answers 204 after it', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'over' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    await stream.ended;
    expect(stream.messages).toMatchObject([{ type: 'job', data: { id, status: 'cancelled' } }]);
    expect((await get(`/jobs/${id}/events`, { 'last-event-id': stream.parser.lastId })).status).toBe(204);
  });

  it('of a job whose events were trimmed ends with the job, sent once', async () => {
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

  it('of a job whose events were replaced ends with the job after a reset', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'replaced' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    const path = `/jobs/${id}/events`;
    const lastEventId = `${Date.now() + 60_000}-0`;
    const stream = await openStream(api.origin, path, { lastEventId });
    await stream.ended;
    expect(typesIn(stream.messages)).toEqual(['reset', 'job']);
    expect((await get(path, { 'last-event-id': stream.parser.lastId })).status).toBe(204);
  });

  it('continues to the last end of a job that was retried by hand', async () => {
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

  it('answers 404 for an unknown job and 410 for an expired result', async () => {
    expectProblem(await get('/jobs/nowhere~n1-0/events'), 404, 'job-not-found');
    expectProblem(await get('/jobs/x/events'), 404, 'job-not-found');
    const { id } = await api.submit({ task: 'echo', queue: 'gone' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    await api.http.delete(`/jobs/${id}`).expect(204);
    expectProblem(await get(`/jobs/${id}/events`), 410, 'job-gone');
  });

  it('of a job that expires without a worker ends at a heartbeat, also after a reconnect', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'lapse', expiresIn: '2s' });
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    await stream.count(1);
    stream.close();
    const { lastId } = stream.parser;
    const again = await openStream(api.origin, `/jobs/${id}/events`, { lastEventId: lastId });
    await heartbeatUntilEnd(again);
    expect(typesIn(again.messages)).toEqual(['expired']);
  });

  it('of a job that expires during the stream ends at a heartbeat', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'seen-lapse', expiresIn: '2s' });
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    await heartbeatUntilEnd(stream);
    expect(typesIn(stream.messages)).toEqual(['job', 'expired']);
  });

  it('of a released job that expires ends at a heartbeat', async () => {
    const worker = await workerOf('back-lapse');
    const { id } = await api.submit({ task: 'echo', queue: 'back-lapse', expiresIn: '3s' });
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    expect(await worker.release(await worker.take())).toEqual(['done']);
    await heartbeatUntilEnd(stream);
    expect(typesIn(stream.messages)).toEqual(['job', 'started', 'released', 'expired']);
  });

  it('of a job that vanishes without an event ends', async () => {
    const { id } = await api.submit({ task: 'echo', queue: 'lost' });
    const stream = await openStream(api.origin, `/jobs/${id}/events`);
    await stream.count(1);
    await redis.client.del(...lanes(queueKeys('mr', 'lost')));
    await heartbeatUntilEnd(stream);
    expect(typesIn(stream.messages)).toEqual(['job']);
  });
});
