import { describe, expect, it } from 'vitest';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import {
  completing,
  done,
  newQueue,
  post,
  settle,
  submitMany,
  take,
  takeOne,
} from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

/** Numbers that JavaScript would change. */
const TEXT = '{"n":9007199254740993,"x":1.0,"y":1e400,"z":-0,"é":"😀"}';

const get = (path: string) => send(api.origin, { method: 'GET', path });

async function held(more: object = {}) {
  const queue = newQueue();
  const { id } = await api.submit({ queue, task: 'work', backoff: { type: 'fixed', delay: 1 }, ...more });
  const { lease, job } = await takeOne(api, { queues: [queue] });
  return { queue, id, lease, job };
}

const save = (id: string, lease: string, text: string) =>
  send(api.origin, {
    path: `/jobs/${id}/checkpoint`,
    headers: JSON_TYPE,
    body: `{"lease":${JSON.stringify(lease)},"checkpoint":${text}}`,
  });

/** The text of the answer to a poll for the next attempt. */
const takeText = async (queue: string) =>
  (
    await send(api.origin, {
      path: '/leases',
      headers: JSON_TYPE,
      body: JSON.stringify({ queues: [queue], waitMs: 10_000 }),
    })
  ).text;

describe('a checkpoint over HTTP', () => {
  it('is shown by the job, and reaches the next attempt byte by byte', async () => {
    const { queue, id, lease, job } = await held();
    expect(job).not.toHaveProperty('checkpoint');
    const before = (await get(`/jobs/${id}`)).headers['etag'];
    expect(await save(id, lease, TEXT)).toMatchObject(done(id, 'running'));
    expect(await save(id, lease, TEXT)).toMatchObject(done(id, 'running'));
    const shown = await get(`/jobs/${id}`);
    expect(shown.text).toContain(`"checkpoint":${TEXT}`);
    expect(shown.headers['etag']).not.toBe(before);
    expect((await get(`/queues/${queue}/jobs`)).text).toContain(`"checkpoint":${TEXT}`);
    await post(api, `/jobs/${id}/fail`, { lease, error: 'again' });
    const taken = await takeText(queue);
    expect(taken).toContain(`"checkpoint":${TEXT}`);
    expect(JSON.parse(taken)).toMatchObject({ jobs: [{ id, attempt: 2 }] });
    await post(api, `/jobs/${id}/complete`, { lease: JSON.parse(taken).lease });
    expect(await api.get(id)).not.toHaveProperty('checkpoint');
    expect(await redis.client.exists(`mr:{${queue}}:notes`)).toBe(0);
  });

  it('comes with the next jobs of a settle, also when the answer is asked for again', async () => {
    const { queue, id, lease } = await held();
    await save(id, lease, TEXT);
    const other = await api.submit({ queue, task: 'work' });
    const { lease: second } = await takeOne(api, { queues: [queue] });
    await post(api, `/jobs/${id}/release`, { lease });
    for (let time = 0; time < 2; time += 1) {
      const { jobs } = await settle(api, second, completing([other.id]), 1);
      expect(jobs).toMatchObject([{ id, checkpoint: { z: -0, é: '😀' } }]);
    }
  });

  it('stays with a dead letter, whose retry goes on from it', async () => {
    const { queue, id, lease } = await held({ attempts: 1 });
    await save(id, lease, TEXT);
    await post(api, `/jobs/${id}/fail`, { lease, error: 'no' });
    expect(await api.get(id)).toMatchObject({ status: 'failed', checkpoint: { é: '😀' } });
    await api.http.post(`/jobs/${id}/retry`).expect(202);
    expect(await takeText(queue)).toContain(`"checkpoint":${TEXT}`);
  });

  it('counts as payload: one answer has no more of them than fit', async () => {
    const queue = newQueue();
    const ids = await submitMany(api, queue, 160);
    const { lease } = await take(api, { queues: [queue], max: 160 });
    await Promise.all(ids.map((id) => save(id, lease, `"${'x'.repeat(65_000)}"`)));
    await settle(api, lease, { release: ids.map((id) => ({ id })) }, 0);
    const { jobs } = await take(api, { queues: [queue], max: 160 });
    expect(jobs.length).toBeGreaterThan(100);
    expect(jobs.length).toBeLessThan(135);
    for (const { checkpoint } of jobs) expect(checkpoint).toHaveLength(65_000);
  });

  it('is removed by null', async () => {
    const { id, lease } = await held();
    await save(id, lease, TEXT);
    await save(id, lease, 'null');
    expect(await api.get(id)).not.toHaveProperty('checkpoint');
  });

  it.each([
    ['is too large', `"${'x'.repeat(65_535)}"`, 413, 'payload-too-large'],
    ['is far too large', `"${'x'.repeat(9_000_000)}"`, 413, 'payload-too-large'],
    ['is nested too deeply', `${'['.repeat(61)}${']'.repeat(61)}`, 400, 'invalid-request'],
  ])('that %s is an error, and the former one stays', async (_, text, status, code) => {
    const { id, lease } = await held();
    await save(id, lease, TEXT);
    const refused = await save(id, lease, text);
    expect(refused).toMatchObject({ status, body: { code } });
    expect(refused.text).toContain('the former');
    expect((await get(`/jobs/${id}`)).text).toContain(`"checkpoint":${TEXT}`);
  });

  it('must be named: a misspelt one would remove the former one', async () => {
    const { id, lease } = await held();
    await save(id, lease, TEXT);
    const refused = await post(api, `/jobs/${id}/checkpoint`, { lease, chekpoint: 1 });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '/checkpoint' }] } });
    expect((await get(`/jobs/${id}`)).text).toContain(`"checkpoint":${TEXT}`);
  });

  it('of an attempt that has lost its lease is a 409, and the one of its successor stays', async () => {
    const { queue, id, lease } = await held();
    await save(id, lease, '"first"');
    await post(api, `/jobs/${id}/fail`, { lease, error: 'no' });
    const second = await takeOne(api, { queues: [queue] });
    expect(second.job).toMatchObject({ id, attempt: 2, checkpoint: 'first' });
    await save(id, second.lease, '"second"');
    const late = await save(id, lease, '"late"');
    expect(late).toMatchObject({ status: 409, body: { code: 'stale-lease', jobStatus: 'running' } });
    expect(await api.get(id)).toMatchObject({ checkpoint: 'second' });
    expect((await save('nowhere~nmwtip4d3-0', lease, '1')).status).toBe(404);
  });
});
