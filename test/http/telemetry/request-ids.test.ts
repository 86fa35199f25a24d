import { describe, expect, it } from 'vitest';
import { requestIds } from '../../../src/http/telemetry/request-ids.ts';
import { send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { parseAnswers, requestText, wire } from '../../helpers/api/wire.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

describe('the id of a request', () => {
  it.each(['a', 'req-4711', 'A.b_C-9', 'x'.repeat(64)])('is the one that the client names: %s', (id) => {
    expect(requestIds()({ headers: { 'x-request-id': id } })).toBe(id);
  });

  it.each(['', 'x'.repeat(65), 'a b', 'a\nb', 'a"b', '\u00e9', 'a,b', '<b>', '%0a', '../x'])(
    'is one of the service where the client names none that is safe: %j',
    (id) => {
      expect(requestIds()({ headers: { 'x-request-id': id } })).toMatch(/^[\w-]{12}-1$/);
    },
  );

  it.each([
    ['a problem', 'GET', '/jobs/none', 404],
    ['a path that is not there', 'GET', '/none?q', 404],
    ['a path that cannot be decoded', 'GET', '/jobs/%zz', 400],
    ['another method', 'PUT', '/jobs', 405],
  ])('is in the header and the body of %s', async (_, method, path, status) => {
    const answer = await send(api.origin, { method, path, headers: { 'x-request-id': 'mine' } });
    expect(answer).toMatchObject({
      status,
      headers: { 'x-request-id': 'mine' },
      body: { requestId: 'mine' },
    });
  });

  it('is in the header of every other answer', async () => {
    const named = { 'x-request-id': 'mine' };
    await api.http.get('/livez').set(named).expect(200).expect('x-request-id', 'mine');
    await api.http.post('/jobs').set(named).send({ task: 'a' }).expect(202).expect('x-request-id', 'mine');
    await api.http
      .post('/jobs')
      .send({ task: 'a' })
      .expect(202)
      .expect('x-request-id', /^[\w-]{14,}$/);
    await api.http.get('/docs').set(named).expect('x-request-id', 'mine');
  });

  it('is in the header of a stream', async () => {
    const stream = await fetch(`${api.origin}/events`, { headers: { 'x-request-id': 'mine' } });
    expect(stream.headers.get('x-request-id')).toBe('mine');
    await stream.body?.cancel();
  });

  it('is made for what is no request, too', async () => {
    const [answer] = parseAnswers(
      await wire(api.origin, requestText('GET', '/').replace('HTTP/1.1', 'HTTP/x')),
    );
    expect(answer?.status).toBe(400);
    expect(answer?.headers.get('x-request-id')).toBe(JSON.parse(answer?.body ?? '').requestId);
  });
});
