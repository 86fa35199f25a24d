import { describe, expect, it } from 'vitest';
import { JobFailed, Millrace, MillraceError, TimedOut, Unreachable } from '../../src/client/index.ts';
import { freePort } from '../../src/local/redis-settings.ts';
import { useApi } from '../helpers/api/server.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { useWorker } from '../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);
const client = () => new Millrace({ url: api.origin });

describe('a job of the client', () => {
  it('gives what its task returned', async () => {
    const job = await client().submit('echo', { name: 'Ada' }, { tags: ['first'] });
    expect(await job.result({ timeout: '60s' })).toEqual({ name: 'Ada' });
    expect(job.status).toBe('completed');
    expect((await client().get(job.id)).data).toMatchObject({ tags: ['first'], result: { name: 'Ada' } });
  });

  it('says why it failed', async () => {
    const job = await client().submit('fail', { retryable: false });
    const error = await job.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JobFailed);
    expect(error).toMatchObject({ message: 'it failed', code: 'job-failed', job: { id: job.id } });
  });

  it('ends its wait at the timeout, and when a signal fires', async () => {
    const job = await client().submit('echo', null, { delay: '1h' });
    await expect(job.result({ timeout: 50 })).rejects.toThrow(TimedOut);
    const controller = new AbortController();
    const waiting = job.result({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('an error of the client', () => {
  it('is what the service says', async () => {
    const error: MillraceError = await client()
      .submit('echo', null, { attempts: 1000 })
      .then(
        () => expect.fail('it was accepted'),
        (reason) => reason,
      );
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(error.type).toBe('/problems/invalid-request');
    expect(error.message).toContain('/attempts');
    expect(error.requestId).toMatch(/\w/);
  });

  it('says that nobody is there', async () => {
    const nobody = new Millrace({ url: `http://127.0.0.1:${await freePort()}`, tries: 2 });
    await expect(nobody.submit('echo')).rejects.toThrow(Unreachable);
  });
});
