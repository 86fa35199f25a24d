import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import type { TakeResponse } from '../../../src/schemas/lease.ts';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, WITH_KEYS);
const admin = bearer(ADMIN_KEY);

const callerOf = async (...scopes: string[]) => bearer((await makeKey(api.origin, scopes)).key);
const submit = async (job: object): Promise<Job> =>
  (
    await api.http
      .post('/jobs')
      .set(admin)
      .send({ task: 'echo', ...job })
  ).body as Job;

describe('what belongs to another queue', () => {
  it('of a batch has its own 403, and the rest is stored', async () => {
    const caller = await callerOf('submit:own*');
    const jobs = [{ queue: 'own1' }, { queue: 'else' }, {}, { queue: 'own2' }, { queue: 'else' }];
    const body = { jobs: jobs.map((job) => ({ task: 'echo', ...job })) };
    const { items } = (await api.http.post('/jobs/batch').set(caller).send(body).expect(207)).body;
    expect(items.map(({ status }: { status: number }) => status)).toEqual([202, 403, 403, 202, 403]);
    expect(items[1].problem).toMatchObject({
      code: 'forbidden',
      detail: expect.stringContaining('"submit:else"'),
    });
    expect(items[2].problem.detail).toContain('"submit:default"');
    const lines = body.jobs.map((job) => JSON.stringify(job)).join('\n');
    const streamed = await api.http
      .post('/jobs/batch')
      .set(caller)
      .type('application/x-ndjson')
      .send(lines)
      .expect(207);
    expect(streamed.body.items.map(({ status }: { status: number }) => status)).toEqual([
      202, 403, 403, 202, 403,
    ]);
    const atomic = await api.http.post('/jobs/batch?atomic=true').set(caller).send(body).expect(400);
    expect(atomic.body.errors[0]).toMatchObject({
      pointer: '/jobs/1',
      detail: expect.stringContaining('submit:else'),
    });
    const { counts } = (await api.http.get('/queues/own1').set(admin)).body;
    expect(counts.queued).toBe(2);
    expect((await api.http.get('/queues/else').set(admin)).body.counts.queued).toBe(0);
  });

  it('is no target for a job that is run again', async () => {
    const job = await submit({ queue: 'mine', keepPayload: true });
    await api.http.post(`/jobs/${job.id}/cancel`).set(admin).expect(200);
    const caller = await callerOf('manage:mine', 'submit:other');
    const rerun = (queue: string) => api.http.post(`/jobs/${job.id}/rerun`).set(caller).send({ queue });
    expect((await rerun('theirs').expect(403)).body.detail).toContain('"submit:theirs"');
    await rerun('other').expect(202);
  });

  it('keeps the id of a schedule taken, and tells no more of it', async () => {
    const put = (caller: Record<string, string>, queue: string) =>
      api.http
        .put('/schedules/nightly')
        .set(caller)
        .send({ every: '1d', job: { task: 'echo', queue } });
    await put(admin, 'theirs').expect(201);
    const caller = await callerOf('manage:mine', 'read:mine');
    const taken = await put(caller, 'mine').expect(409);
    expect(taken.body.code).toBe('schedule-taken');
    expect(taken.text).not.toContain('theirs');
    expect((await put(caller, 'theirs').expect(403)).body.detail).toContain('"manage:theirs"');
    expect((await api.http.get('/schedules/nightly').set(admin)).body.job.queue).toBe('theirs');
    await put(admin, 'mine').expect(200);
    await put(caller, 'mine').expect(200);
  });

  it('is not found by the items of a settle, and answers name the ids that were sent', async () => {
    const theirs = await submit({ queue: 'theirs' });
    const mine = await submit({ queue: 'leased' });
    const caller = await callerOf('work:leased');
    const taken = (
      await api.http
        .post('/leases')
        .set(caller)
        .send({ queues: ['leased'] })
    ).body as TakeResponse;
    const never = theirs.id.replace(/-.*/, '-zzz');
    const settle = (ids: string[]) =>
      api.http
        .post(`/leases/${taken.lease}/settle`)
        .set(caller)
        .send({ complete: ids.map((id) => ({ id })) })
        .expect(207);
    const { items } = (await settle([theirs.id, never, mine.id])).body;
    expect(items.map(({ id, status }: { id: string; status: number }) => [id, status])).toEqual([
      [theirs.id, 404],
      [never, 404],
      [mine.id, 200],
    ]);
    const withoutId = (item: { problem: { detail: string } }, id: string) =>
      item.problem.detail.replaceAll(id, '');
    expect(withoutId(items[0], theirs.id)).toBe(withoutId(items[1], never));
    expect(JSON.stringify(items)).not.toContain('nowhere');
  });

  it('shows in no answer that a job was hidden', async () => {
    const theirs = await submit({ queue: 'theirs' });
    const caller = await callerOf('read:mine');
    const answer = await api.http.get(`/jobs/${theirs.id}`).set(caller).expect(404);
    expect(answer.text).toContain(`no job \\"${theirs.id}\\"`);
    expect(answer.text).not.toContain('nowhere');
  });
});
