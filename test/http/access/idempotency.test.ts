import { beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { type Answer, JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { ...WITH_KEYS, UNKNOWN_TASKS: 'accept' });

let one: string;
let other: string;
beforeAll(async () => {
  ({ key: one } = await makeKey(api.origin, ['submit:shop', 'read:shop']));
  ({ key: other } = await makeKey(api.origin, ['submit:shop', 'read:shop']));
});

const submit = (key: string, idempotencyKey: string, payload: unknown, path = '/jobs'): Promise<Answer> => {
  const job = { queue: 'shop', task: 'order', payload };
  return send(api.origin, {
    path,
    headers: { ...JSON_TYPE, ...bearer(key), 'idempotency-key': idempotencyKey },
    body: JSON.stringify(path === '/jobs' ? job : { jobs: [job] }),
  });
};
const find = async (key: string, idempotencyKey: string) => {
  const path = `/jobs?idempotencyKey=${idempotencyKey}&queue=shop`;
  const answer = await send(api.origin, { method: 'GET', path, headers: bearer(key) });
  return (answer.body as { items: { id: string }[] }).items.map(({ id }) => id);
};

describe('an Idempotency-Key', () => {
  it('belongs to the key that has sent it', async () => {
    const first = await submit(one, 'order-1', 1);
    const second = await submit(other, 'order-1', 1);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.headers['idempotency-replayed']).toBeUndefined();
    expect(second.body.id).not.toBe(first.body.id);
    expect((await submit(one, 'order-1', 1)).body.id).toBe(first.body.id);
    expect((await submit(one, 'order-1', 2)).status).toBe(422);
  });

  it('of another key is no mismatch', async () => {
    await submit(one, 'order-2', 'secret');
    expect((await submit(other, 'order-2', 'guess')).status).toBe(202);
  });

  it('finds the jobs of its own key', async () => {
    const { body } = await submit(one, 'order-3', 1);
    expect(await find(one, 'order-3')).toEqual([body.id]);
    expect(await find(other, 'order-3')).toEqual([]);
    expect(await find(ADMIN_KEY, 'order-3')).toEqual([]);
  });

  it('of a batch belongs to its key, too', async () => {
    const first = await submit(one, 'order-4', 1, '/jobs/batch');
    const second = await submit(other, 'order-4', 1, '/jobs/batch');
    const ids = [first, second].map(({ body }) => body.items[0].id);
    expect(ids[0]).not.toBe(ids[1]);
    expect((await submit(one, 'order-4', 1, '/jobs/batch')).headers['idempotency-replayed']).toBe('true');
  });

  it('of a batch finds the jobs in queues that the key may still read', async () => {
    const { key } = await makeKey(api.origin, ['submit', 'read:shop']);
    const jobs = ['shop', 'other', 'shop'].map((queue) => ({ queue, task: 'order' }));
    const sent = await send(api.origin, {
      path: '/jobs/batch',
      headers: { ...JSON_TYPE, ...bearer(key), 'idempotency-key': 'order-5' },
      body: JSON.stringify({ jobs }),
    });
    const ids = (sent.body as { items: { id: string }[] }).items.map(({ id }) => id);
    expect(await find(key, 'order-5')).toEqual([ids[0], ids[2]]);
  });
});
