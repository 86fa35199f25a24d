import { describe, expect, it } from 'vitest';
import { JobFailed, Millrace } from '../../src/client/index.ts';
import { useApi } from '../helpers/api/server.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { useWorker } from '../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);
const client = () => new Millrace({ url: api.origin });
const submitLater = () => client().submit('echo', { a: 1 }, { delay: '1h' });

describe('a job', () => {
  it('is changed while it waits, cancelled, and rerun', async () => {
    const job = await submitLater();
    expect((await job.change({ tags: ['new'] })).data.tags).toEqual(['new']);
    expect((await job.cancel()).status).toBe('cancelled');
    await expect(job.result()).rejects.toMatchObject({ code: 'job-cancelled' });
    const again = await job.rerun({ payload: 'again', delay: 0 });
    expect(again.data.rerunOf).toBe(job.id);
    expect(await again.result()).toBe('again');
  });

  it('is changed only as it was read, if its reader wants that', async () => {
    const job = await submitLater();
    await (await client().get(job.id)).change({ tags: ['of another'] });
    const change = { tags: ['mine'] };
    await expect(job.change(change, { ifUnchanged: true })).rejects.toMatchObject({ status: 412 });
    await job.refresh();
    expect((await job.change(change, { ifUnchanged: true })).data.tags).toEqual(['mine']);
    // The answer of a change shows the job, too.
    expect((await job.change({ tags: [] }, { ifUnchanged: true })).data.id).toBe(job.id);
  });

  it('is used by its id alone, without being read', async () => {
    const { id } = await submitLater();
    const job = client().job(id);
    expect([job.id, job.hasEnded]).toEqual([id, false]);
    expect(() => job.status).toThrow(expect.objectContaining({ code: 'not-read' }));
    await expect(job.change({}, { ifUnchanged: true })).rejects.toMatchObject({ code: 'not-read' });
    expect((await job.cancel()).status).toBe('cancelled');
    const { id: ended } = await client().submit('echo', 'x');
    expect(await client().job<string>(ended).result()).toBe('x');
  });

  it('stays cancelled when it is cancelled again, as after a lost answer', async () => {
    const job = await submitLater();
    await job.cancel();
    expect((await job.cancel()).status).toBe('cancelled');
    const done = await client().submit('echo');
    await done.result();
    await expect(done.cancel()).rejects.toMatchObject({ code: 'job-finished' });
  });

  it('fails, is retried, and removed', async () => {
    const job = await client().submit('fail', { retryable: false });
    await expect(job.result()).rejects.toThrow(JobFailed);
    const { data } = await (await job.retry()).ended();
    expect(data.status).toBe('failed');
    expect(data.errors).toHaveLength(2);
    await job.remove();
    await expect(job.refresh()).rejects.toMatchObject({ status: 410 });
  });

  it('shows the lines of its log', async () => {
    const job = await client().submit('log-lines', { lines: 3 }, { attempts: 1 });
    await job.ended();
    const { items } = await job.logs({ after: 1 });
    expect(items.map(({ message }) => message)).toEqual(['line 1', 'line 2']);
  });

  it('has events up to its end, and their reader knows the job', async () => {
    const job = await client().submit('flaky', { until: 2 });
    const types: string[] = [];
    for await (const { type } of job.events({ lastEventId: '0-0' })) types.push(type);
    expect(types).toEqual(expect.arrayContaining(['started', 'retrying']));
    expect(types.at(-1)).toBe('completed');
    expect(job.data).toMatchObject({ status: 'completed', result: { attempt: 2 } });
  });

  it('that has ended shows itself once', async () => {
    const job = await client().submit('echo');
    await job.result();
    const types: string[] = [];
    for await (const { type } of job.events()) types.push(type);
    expect(types).toEqual(['job']);
  });
});
