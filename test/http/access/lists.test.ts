import { beforeAll, describe, expect, it } from 'vitest';
import { encodeCursor } from '../../../src/schemas/values/cursor.ts';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { type Answer, JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { openStream } from '../../helpers/events/sse-client.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { ...WITH_KEYS, UNKNOWN_TASKS: 'accept' });

const OWN = ['own-a', 'own-b', 'own-c'];
const ALL = ['a-foreign', 'own-a', 'own-b', 'own-c', 'p-foreign', 'z-foreign'];

let reader: string;

/** Sends a request as the admin, or with another key. */
async function ask(method: string, path: string, body?: unknown, key = ADMIN_KEY): Promise<Answer> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  return send(api.origin, { method, path, headers: { ...JSON_TYPE, ...bearer(key) }, body: sent });
}
async function ok(method: string, path: string, body?: unknown): Promise<Answer['body']> {
  const answer = await ask(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.body;
}
const list = async (path: string, key = reader) => {
  const answer = await ask('GET', path, undefined, key);
  expect(answer.status, answer.text).toBe(200);
  return answer.body as { items: Record<string, unknown>[]; nextCursor?: string };
};
/** The items of all pages, and the size of each. */
async function pages(path: string): Promise<{ items: Record<string, unknown>[]; sizes: number[] }> {
  const items: Record<string, unknown>[] = [];
  const sizes: number[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page: Awaited<ReturnType<typeof list>> = await list(`${path}${cursor && `&cursor=${cursor}`}`);
    items.push(...page.items);
    sizes.push(page.items.length);
    cursor = page.nextCursor;
  }
  return { items, sizes };
}

beforeAll(async () => {
  for (const queue of ALL) {
    await ok('POST', '/jobs', { queue, task: 'work' });
    await ok('POST', '/jobs', { queue, task: 'work' });
    await ok('PUT', `/queues/${queue}/tasks/secret-of-${queue}`);
    await ok('PUT', `/schedules/plan-${queue}`, { every: '1h', job: { queue, task: 'work' } });
    await ok('POST', '/leases', { queues: [queue], worker: `worker-${queue}` });
  }
  await ok('POST', '/leases', { queues: ALL, worker: 'shared', tasks: ['work', 'hidden'] });
  ({ key: reader } = await makeKey(api.origin, ['read:own-*']));
});

describe('a key that may read some queues', () => {
  it('lists these queues, in full pages', async () => {
    const { items, sizes } = await pages('/queues?limit=2');
    expect(items.map(({ name }) => name)).toEqual(OWN);
    expect(sizes).toEqual([2, 1]);
  });

  it('lists the running jobs of these queues, in full pages', async () => {
    const { items, sizes } = await pages('/pending?limit=2');
    expect([...new Set(items.map(({ queue }) => queue))]).toEqual(OWN);
    expect(sizes.slice(0, -1).every((size) => size === 2)).toBe(true);
  });

  it.each(['', 'tag=shared&'])('lists the jobs of these queues: GET /jobs?%s', async (query) => {
    for (const queue of ALL) await ok('POST', '/jobs', { queue, task: 'work', tags: ['shared'] });
    const { items } = await pages(`/jobs?${query}limit=2`);
    expect([...new Set(items.map(({ queue }) => queue))].sort()).toEqual(OWN);
    expect((await list(`/jobs?${query}queue=a-foreign`)).items).toEqual([]);
  });

  it('lists the tasks of these queues', async () => {
    const { items } = await list('/tasks');
    expect([...new Set(items.map(({ queue }) => queue))]).toEqual(OWN);
    expect(JSON.stringify(items)).not.toContain('foreign');
    expect((await list('/tasks?queue=z-foreign')).items).toEqual([]);
  });

  it('lists the schedules of these queues', async () => {
    const { items } = await pages('/schedules?limit=2');
    expect(items.map(({ id }) => id).sort()).toEqual(OWN.map((queue) => `plan-${queue}`));
    expect((await list('/schedules?queue=z-foreign')).items).toEqual([]);
  });

  it('lists the workers of these queues, and nothing of their other queues', async () => {
    const { items } = await list('/workers');
    expect(items.map(({ name }) => name)).toEqual(['shared', ...OWN.map((queue) => `worker-${queue}`)]);
    const [shared] = items;
    expect(shared?.['queues']).toEqual(OWN);
    expect(shared).not.toHaveProperty('tasks');
    expect(JSON.stringify(items)).not.toContain('foreign');
    expect((await list('/workers?queue=z-foreign')).items).toEqual([]);
  });

  it('gets the same answer for a worker of others as for one that never was', async () => {
    const foreign = await ask('GET', '/workers/worker-z-foreign', undefined, reader);
    const never = await ask('GET', '/workers/worker-z-nowhere', undefined, reader);
    const shown = ({ body: { requestId: _, ...body } }: Answer, name: string) =>
      JSON.stringify(body).replaceAll(name, 'NAME');
    expect(foreign.status).toBe(404);
    expect(shown(foreign, 'worker-z-foreign')).toBe(shown(never, 'worker-z-nowhere'));
  });

  it.each([
    ['/queues', encodeCursor('a-foreign')],
    ['/pending', encodeCursor('p-foreign 2:0-0')],
    ['/pending', encodeCursor('a-foreign 0:0-0')],
    ['/tasks', 'a-foreign'],
    ['/workers', encodeCursor('worker-p-foreign')],
    ['/schedules', encodeCursor('0 plan-own-c')],
  ])('reads no further with a cursor of others: %s', async (path, cursor) => {
    const { items } = await list(`${path}?cursor=${cursor}`);
    expect(JSON.stringify(items)).not.toContain('foreign');
  });
});

describe('a worker of several queues', () => {
  it('is drained by a key that may manage all of them', async () => {
    await ok('POST', '/leases', { queues: ['own-a', 'z-foreign'], worker: 'two' });
    const some = await makeKey(api.origin, ['read:own-*', 'manage:own-*']);
    const refused = await ask('POST', '/workers/two/drain', undefined, some.key);
    expect(refused.status).toBe(403);
    expect(refused.text).not.toContain('z-foreign');
    const reader = await makeKey(api.origin, ['read', 'manage:own-*']);
    const told = await ask('POST', '/workers/two/drain', undefined, reader.key);
    expect(told.text).toContain('\\"manage:z-foreign\\"');
    const unseen = await ask('POST', '/workers/worker-z-foreign/drain', undefined, some.key);
    expect(unseen.status).toBe(404);
    const all = await makeKey(api.origin, ['read:own-*', 'manage:own-*', 'manage:z-foreign']);
    const drained = await ask('POST', '/workers/two/drain', undefined, all.key);
    expect(drained.status, drained.text).toBe(202);
    expect(drained.body.queues).toEqual(['own-a', 'z-foreign']);
  });
});

/** The id of a job that was cancelled, which is an event. */
async function cancelled(queue: string): Promise<string> {
  const { id } = await ok('POST', '/jobs', { queue, task: 'work' });
  await ok('POST', `/jobs/${id}/cancel`);
  return id;
}

describe('the events of all queues', () => {
  it('are those of the queues that the key may read', async () => {
    const stream = await openStream(api.origin, '/events', { lastEventId: '0-0', headers: bearer(reader) });
    const late = await cancelled('own-b');
    await cancelled('z-foreign');
    const last = await cancelled('own-c');
    await until(() => stream.text.includes(last), 'the last event');
    api.app.streamHub.heartbeat();
    await until(() => stream.parser.comments > 0, 'a heartbeat');
    expect(stream.text).toContain(late);
    expect(stream.text).not.toContain('foreign');
    stream.close();
  });

  it('hold no others for a reader that resumes at one', async () => {
    const stream = await openStream(api.origin, '/events', {
      lastEventId: '1-0-1~a-foreign',
      headers: bearer(reader),
    });
    const job = await cancelled('own-a');
    await until(() => stream.text.includes(job), 'the event');
    expect(stream.text).not.toContain('foreign');
    stream.close();
  });
});
