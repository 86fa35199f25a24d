import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { buildApp } from '../../../src/app.ts';
import { ConfigError, loadConfig } from '../../../src/config.ts';
import { doorPlugin } from '../../../src/http/access/door.ts';
import { ADMIN_KEY, bearer, makeBriefKey, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, WITH_KEYS);
const open = useApi(redis);

describe('the door', () => {
  it('lets probes in without a key, and nothing else', async () => {
    await api.http.get('/livez').expect(200);
    await api.http.get('/readyz').expect(200);
    for (const path of ['/', '/queues', '/docs', '/openapi.json', '/nowhere', '/keys']) {
      const answer = await api.http.get(path);
      expect(answer.status, path).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.body).toMatchObject({ code: 'unauthorized', status: 401 });
    }
    await api.http.put('/jobs').expect(401);
    for (const path of ['/', '/queues', '/docs/', '/openapi.json', '/keys'])
      await api.http.get(path).set(bearer(ADMIN_KEY)).expect(200);
    await api.http.get('/nowhere').set(bearer(ADMIN_KEY)).expect(404);
    await api.http.put('/jobs').set(bearer(ADMIN_KEY)).expect(405);
  });

  it('has one answer for no key, a wrong, an expired and a revoked one', async () => {
    const expired = await makeBriefKey(api.origin, ['read']);
    const revoked = await makeKey(api.origin, ['read']);
    await api.http.get('/queues').set(bearer(revoked.key)).expect(200);
    await api.http.delete(`/keys/${revoked.id}`).set(bearer(ADMIN_KEY)).expect(204);
    const wrong = `mrk_${revoked.id}_${'x'.repeat(43)}`;
    await until(async () => (await api.http.get('/queues').set(bearer(revoked.key))).status === 401, 'a 401');
    await until(async () => (await api.http.get('/queues').set(bearer(expired.key))).status === 401, 'a 401');
    const headers = [{}, bearer(wrong), bearer(expired.key), bearer(revoked.key), bearer('x'), bearer('')];
    const answers = await Promise.all(headers.map((header) => api.http.get('/queues').set(header)));
    const bodies = answers.map(({ body: { requestId: _, ...body } }) => body);
    expect(answers.map(({ status }) => status)).toEqual(headers.map(() => 401));
    for (const body of bodies) expect(body).toEqual(bodies[0]);
  });

  it('does not take a key from the URL', async () => {
    for (const query of [
      `access_token=${ADMIN_KEY}`,
      `key=${ADMIN_KEY}`,
      `authorization=Bearer ${ADMIN_KEY}`,
    ])
      await api.http.get(`/queues?${encodeURI(query)}`).expect(401);
  });

  it('names the narrowest scope that is missing', async () => {
    const { key } = await makeKey(api.origin, ['read']);
    const answer = await api.http.post('/jobs').set(bearer(key)).send({ task: 'echo' }).expect(403);
    expect(answer.body).toMatchObject({
      code: 'forbidden',
      detail:
        'The key has the scope "submit" for no queue. Use a key that has "submit:QUEUE", with the name of the queue for QUEUE.',
    });
  });

  it('refuses before the body is read, and the client that still sends gets the answer', async () => {
    const body = JSON.stringify({ task: 'echo', payload: 'x'.repeat(900_000) });
    const headers = { 'content-type': 'application/json' };
    expect(await send(api.origin, { path: '/jobs', headers, body })).toMatchObject({ status: 401 });
    await api.http.post('/jobs').set('content-type', 'application/json').send('{broken').expect(401);
    await api.http.post('/jobs').set('content-type', 'text/tab\ts').send('x').expect(401);
  });

  it.each(['/livez', '/queues', '/nowhere', '/docs/', '/openapi.json', '/jobs/x', '/events'])(
    'lets nobody keep an answer of %s, whether it is given or refused',
    async (path) => {
      for (const headers of [{}, bearer(ADMIN_KEY)]) {
        const stop = new AbortController();
        const answer = await fetch(api.origin + path, { headers, signal: stop.signal });
        expect([answer.status, answer.headers.get('cache-control')]).toEqual([answer.status, 'no-store']);
        stop.abort();
      }
      const openly = await open.http.get('/queues');
      expect(openly.headers['cache-control']).toBeUndefined();
    },
  );

  it('asks nobody with AUTH=off, and a key is of no matter', async () => {
    await open.http.get('/queues').expect(200);
    await open.http.get('/queues').set(bearer('anything')).expect(200);
  });

  it('does not start with a route that has no row in the table of scopes', async () => {
    for (const schema of [{ operationId: 'unlisted' }, {}]) {
      const app = Fastify();
      await app.register(doorPlugin, { auth: 'off' });
      const add = () => app.get('/x', { schema }, async () => 1);
      expect(add).toThrow('GET /x has no scope');
    }
  });
});

describe('a start with AUTH=keys', () => {
  const start = async (env: NodeJS.ProcessEnv) => {
    const app = await buildApp(loadConfig({ REDIS_URL: redis.url, AUTH: 'keys', ...env }));
    await app.close();
  };

  it('needs ADMIN_KEY until there is a key with admin', async () => {
    await expect(start({ PREFIX: 'fresh' })).rejects.toThrow(ConfigError);
    await expect(start({ PREFIX: 'fresh' })).rejects.toThrow(/ADMIN_KEY is not set/);
    await start({ PREFIX: 'fresh', ADMIN_KEY });
    await makeKey(api.origin, ['admin']);
    await start({});
  });
});
