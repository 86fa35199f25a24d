import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { bearer, makeKey, WITH_KEYS } from '../helpers/api/keys.ts';
import { send } from '../helpers/api/send.ts';
import { useApi } from '../helpers/api/server.ts';
import { newQueue } from '../helpers/leases/http-worker.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import { recordEvents } from '../helpers/telemetry/recorder.ts';

const redis = useRedis();
const recorder = recordEvents('http-request');
const api = useApi(redis, {}, recorder.observe);

const lockedApi = useApi(redis, WITH_KEYS, recorder.observe);

const endOf = (id: string) =>
  until(() => recorder.ofKind('http-request').find(({ reqId }) => reqId === id), `the end of ${id}`);

describe('the event of a request', () => {
  it('names the job that it has stored, or is about', async () => {
    const job = { task: 'a', queue: newQueue() };
    const stored = await api.http.post('/jobs').set('x-request-id', 'store').send(job).expect(202);
    const { id } = stored.body as { id: string };
    expect(await endOf('store')).toMatchObject({ method: 'POST', route: '/jobs', status: 202, job: id });
    await api.http.get(`/jobs/${id}`).set('x-request-id', 'read').expect(200);
    expect(await endOf('read')).toMatchObject({ method: 'GET', route: '/jobs/:id', status: 200, job: id });
  });

  it('names the key that has sent it, and a job that the key may not see as the client has named it', async () => {
    const { id } = await api.submit({ task: 'a', queue: newQueue() });
    const { id: caller, key } = await makeKey(lockedApi.origin, [`read:${newQueue()}`]);
    const read = lockedApi.http.get(`/jobs/${id}`).set('x-request-id', 'unseen');
    await read.set(bearer(key)).expect(404);
    expect(await endOf('unseen')).toMatchObject({ caller, job: id, status: 404 });
    await lockedApi.http.get('/queues').set('x-request-id', 'stranger').expect(401);
    expect(await endOf('stranger')).not.toHaveProperty('caller');
  });

  it('names no job for a text that is no id', async () => {
    await send(api.origin, { method: 'GET', path: '/jobs/a%22%0Ab', headers: { 'x-request-id': 'odd' } });
    expect(await endOf('odd')).not.toHaveProperty('job');
  });

  it('comes for a path that cannot be decoded, too', async () => {
    await send(api.origin, { method: 'GET', path: '/jobs/%zz', headers: { 'x-request-id': 'bad' } });
    expect(await endOf('bad')).toMatchObject({ status: 400 });
  });

  it('tells when the client has gone before its answer', async () => {
    const { id } = await api.submit({ task: 'a', queue: newQueue() });
    const { hostname, port } = new URL(api.origin);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /jobs/${id}?wait=30 HTTP/1.1\r\nhost: ${hostname}\r\nx-request-id: gone\r\n\r\n`);
    await until(() => api.app.server.listening && socket.bytesWritten > 0, 'the request');
    setTimeout(() => socket.destroy(), 50);
    expect(await endOf('gone')).toMatchObject({ job: id, isAborted: true });
  });
});
