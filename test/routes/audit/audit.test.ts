import { describe, expect, it } from 'vitest';
import { AuditPage, type AuditPage as Page } from '../../../src/schemas/audit/audit.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { send } from '../../helpers/api/send.ts';
import { startApi, useApi } from '../../helpers/api/server.ts';
import { newQueue } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, WITH_KEYS);
const admin = bearer(ADMIN_KEY);

async function audit(query = ''): Promise<Page> {
  const answer = await api.http.get(`/audit${query}`).set(admin).expect(200);
  expectShape(AuditPage, answer.body);
  return answer.body as Page;
}

/** The entry with that target, once it is written. */
const entryOf = (target: string) =>
  until(async () => (await audit('?limit=1000')).items.find((item) => item.target === target), target);

describe('GET /audit', () => {
  it('tells who managed what, with which outcome', async () => {
    const queue = newQueue();
    const { id, key } = await makeKey(api.origin, [`manage:${queue}`, `read:${queue}`]);
    expect(await entryOf(id)).toMatchObject({ key: 'admin', method: 'POST', route: '/keys', status: 201 });
    await api.http.post(`/queues/${queue}/pause`).set(bearer(key)).expect(200);
    expect(await entryOf(queue)).toMatchObject({
      key: id,
      address: '127.0.0.1',
      method: 'POST',
      route: '/queues/:name/pause',
      status: 200,
    });
  });

  it('tells what was refused, and never the key that was sent', async () => {
    const queue = newQueue();
    const { id, key } = await makeKey(api.origin, [`read:${queue}`]);
    await api.http.post(`/queues/${queue}/pause`).set(bearer(key)).expect(403);
    expect(await entryOf(queue)).toMatchObject({ key: id, status: 403 });
    const name = newQueue();
    await api.http
      .get(`/queues/${name}/stats`)
      .set(bearer(`${key}x`))
      .expect(401);
    const refused = await entryOf(name);
    expect(refused).toMatchObject({ method: 'GET', route: '/queues/:name/stats', status: 401 });
    expect(refused).not.toHaveProperty('key');
    const all = (await audit('?limit=1000')).items;
    expect(all.filter(({ target }) => target === queue)).toHaveLength(1);
    expect(JSON.stringify(all)).not.toContain(key.slice(-20));
  });

  it('keeps no call that only reads or submits', async () => {
    const job = { task: 'a', queue: newQueue(), payload: 'read-or-submit' };
    await api.http.post('/jobs').set(admin).send(job).expect(202);
    await api.http.get(`/queues/${job.queue}/stats`).set(admin).expect(200);
    const last = newQueue();
    await api.http.post(`/queues/${last}/pause`).set(admin).expect(200);
    await entryOf(last);
    const { items } = await audit('?limit=1000');
    expect(items.filter(({ route }) => route === '/jobs' || route === '/queues/:name/stats')).toEqual(
      items.filter(({ status }) => status === 401),
    );
  });

  it('shows a name of a client as data', async () => {
    const odd = '/queues/%22%0A%3Cb%3E{evil}/pause';
    await send(api.origin, { path: odd, headers: { ...admin, 'content-length': '0' } });
    expect(await entryOf('"\n<b>{evil}')).toMatchObject({ status: 400 });
  });

  it('keeps the beginning of a long name', async () => {
    const name = 'long'.repeat(1_000);
    await api.http.post(`/queues/${name}/pause`).set(admin).expect(400);
    expect(await entryOf(`${name.slice(0, 200)}…`)).toMatchObject({ status: 400 });
  });

  it('names a job as the caller has named it, also where the caller may not see it', async () => {
    const { body } = await api.http
      .post('/jobs')
      .set(admin)
      .send({ task: 'a', queue: newQueue() })
      .expect(202);
    const { id, key } = await makeKey(api.origin, [`manage:${newQueue()}`]);
    await api.http.post(`/jobs/${body.id}/cancel`).set(bearer(key)).expect(404);
    expect(await entryOf(body.id)).toMatchObject({ key: id, status: 404 });
  });

  it('tells of a refused call that manages nothing', async () => {
    const { id, key } = await makeKey(api.origin, ['read']);
    await api.http.post('/jobs').set(bearer(key)).send({ task: 'a' }).expect(403);
    const find = async () => (await audit('?limit=1000')).items.find((item) => item.key === id);
    expect(await until(find, 'its entry')).toMatchObject({ method: 'POST', route: '/jobs', status: 403 });
  });

  it('tells of requests beyond the rate of a key', async () => {
    const queue = newQueue();
    const { id, key } = await makeKey(api.origin, ['read'], { rate: { limit: 1, per: '1h' } });
    for (const status of [200, 429])
      await api.http.get(`/queues/${queue}/stats`).set(bearer(key)).expect(status);
    expect(await entryOf(queue)).toMatchObject({ key: id, status: 429, route: '/queues/:name/stats' });
    expect((await audit('?limit=1000')).items.filter(({ target }) => target === queue)).toHaveLength(1);
  });

  it('has pages, and a range of time', async () => {
    const from = new Date().toISOString();
    const queues = Array.from({ length: 5 }, newQueue);
    for (const queue of queues) {
      await api.http.post(`/queues/${queue}/pause`).set(admin).expect(200);
      await entryOf(queue);
    }
    const seen: (string | undefined)[] = [];
    let cursor = '';
    do {
      const page = await audit(`?limit=2&from=${from}${cursor}`);
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ target }) => target));
      cursor = page.nextCursor === undefined ? '' : `&cursor=${page.nextCursor}`;
    } while (cursor !== '');
    expect(seen.filter((target) => queues.includes(target ?? ''))).toEqual([...queues].reverse());
    expect((await audit(`?to=${new Date(0).toISOString()}`)).items).toEqual([]);
    expectProblem(await api.http.get('/audit?cursor=x').set(admin), 400, 'invalid-request', ['/cursor']);
    const early = await api.http.get('/audit?from=1969-12-31T00:00:00Z&to=1969-12-31T00:00:00Z').set(admin);
    expectProblem(early, 400, 'invalid-request', ['/from', '/to']);
  });

  it('needs the scope admin', async () => {
    const { key } = await makeKey(api.origin, ['manage', 'read', 'submit', 'work']);
    expectProblem(await api.http.get('/audit').set(bearer(key)), 403, 'forbidden');
  });

  it('outlives the API, which writes what is left when it stops', async () => {
    const other = await startApi(redis.url, WITH_KEYS);
    const queue = newQueue();
    const path = `/queues/${queue}/pause`;
    await send(other.origin, { path, headers: { ...admin, 'content-length': '0' } });
    const refused = newQueue();
    for (let i = 0; i < 25; i += 1)
      await send(other.origin, { path: `/queues/${refused}/pause`, headers: { 'content-length': '0' } });
    await other.app.close();
    const { items } = await audit('?limit=1000');
    expect(items.map(({ target }) => target)).toContain(queue);
    const counted = items.filter(({ target }) => target === refused);
    expect([counted.length, counted[0]?.more]).toEqual([21, 4]);
  });
});
