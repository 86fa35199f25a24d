import { describe, expect, it } from 'vitest';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, WITH_KEYS);
const admin = bearer(ADMIN_KEY);

describe('keys over HTTP', () => {
  it('are made, shown once, listed without their secret, and revoked', async () => {
    const made = await makeKey(api.origin, ['submit:emails'], { name: 'shop' });
    expect(made).toMatchObject({ name: 'shop', scopes: ['submit:emails'] });
    expect(made.key).toMatch(new RegExp(`^mrk_${made.id}_[A-Za-z0-9_-]{43}$`));
    await api.http.post('/jobs').set(bearer(made.key)).send({ task: 'echo', queue: 'emails' }).expect(202);

    const listed = await api.http.get('/keys').set(admin).expect(200);
    expect(listed.body.items).toMatchObject([{ id: made.id, name: 'shop' }]);
    expect(listed.body.items[0]).toHaveProperty('lastUsedAt');
    expect(listed.text).not.toContain(made.key.slice(`mrk_${made.id}_`.length));

    await api.http.delete(`/keys/${made.id}`).set(admin).expect(204);
    await api.http.delete(`/keys/${made.id}`).set(admin).expect(404);
    expect((await api.http.get('/keys').set(admin)).body.items).toEqual([]);
  });

  it('are not kept by caches', async () => {
    const answer = await api.http
      .post('/keys')
      .set(admin)
      .send({ name: 'a', scopes: ['read'] });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it.each([
    [{ name: 'a' }, '/scopes'],
    [{ name: 'a', scopes: [] }, '/scopes'],
    [{ name: 'a', scopes: ['write'] }, '/scopes/0'],
    [{ name: 'a', scopes: ['read:'] }, '/scopes/0'],
    [{ name: 'a', scopes: ['read:a b'] }, '/scopes/0'],
    [{ name: '', scopes: ['read'] }, '/name'],
    [{ name: 'a', scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
    [{ name: 'a', scopes: ['read'], rate: { limit: 0, per: '1s' } }, '/rate/limit'],
    [{ name: 'a', scopes: ['read'], rate: { limit: 1, per: '40d' } }, '/rate/per'],
    [{ name: 'a', scopes: ['read'], key: 'mine' }, '/key'],
  ])('%j is refused at %s', async (body, pointer) => {
    const answer = await api.http.post('/keys').set(admin).send(body).expect(400);
    expect(answer.body.errors[0].pointer).toBe(pointer);
  });

  it('only an admin makes keys, and one of a queue is none', async () => {
    const all = await makeKey(api.origin, ['submit', 'read', 'work', 'manage']);
    const ofQueue = await makeKey(api.origin, ['admin:a']);
    const another = await makeKey(api.origin, ['admin']);
    for (const { key } of [all, ofQueue]) {
      const answer = await api.http
        .post('/keys')
        .set(bearer(key))
        .send({ name: 'x', scopes: ['read'] });
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({ code: 'forbidden', detail: expect.stringContaining('"admin"') });
      await api.http.get('/keys').set(bearer(key)).expect(403);
    }
    await api.http
      .post('/keys')
      .set(bearer(another.key))
      .send({ name: 'x', scopes: ['read'] })
      .expect(201);
  });
});
