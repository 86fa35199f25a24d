import { beforeEach, describe, expect, it } from 'vitest';
import { JobOperator } from '../../src/jobs/job-operator.ts';
import { formatJobId, formatRef, type Ref } from '../../src/redis/job-id.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { bury, deliver, newQueueKeys, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
let keys: QueueKeys;
beforeEach(() => {
  keys = newQueueKeys();
});

const operator = () => new JobOperator(createTestCore(redis.client));

async function put(options = {}): Promise<{ ref: Ref; id: string }> {
  const [ref] = await putQueued(redis.client, keys, [1], { options });
  if (ref === undefined) throw new Error('not stored');
  return { ref, id: formatJobId(keys.queue, ref) };
}

async function putFailed(): Promise<string> {
  const { ref, id } = await put();
  await deliver(redis.client, keys, 1);
  await bury(redis.client, keys, ref, Date.now());
  return id;
}

describe('a cancel', () => {
  it('ends a waiting job at once', async () => {
    const { id } = await put();
    expect(await operator().cancel(id)).toMatchObject({ done: true, job: { id, status: 'cancelled' } });
    await expect(operator().cancel(id)).rejects.toMatchObject({
      code: 'job-finished',
      extensions: { jobStatus: 'cancelled' },
    });
  });

  it('asks the worker of a running job', async () => {
    const { id } = await put();
    await deliver(redis.client, keys, 1);
    expect(await operator().cancel(id)).toMatchObject({ done: false, job: { status: 'running' } });
    expect(await redis.client.xlen(keys.control)).toBe(1);
  });

  it('is refused for text that is not an id', async () => {
    await expect(operator().cancel('nonsense')).rejects.toMatchObject({ code: 'job-not-found' });
  });
});

describe('a retry', () => {
  it('lets a failed job run again with the full number of attempts', async () => {
    const id = await putFailed();
    expect(await operator().retry(id)).toMatchObject({ id, status: 'queued', attempt: 0 });
  });

  it('is refused for a job that has not failed', async () => {
    const { id } = await put();
    await expect(operator().retry(id)).rejects.toMatchObject({
      code: 'job-not-failed',
      extensions: { jobStatus: 'queued' },
    });
  });
});

describe('a removal', () => {
  it('deletes a failed job and returns its last view', async () => {
    const id = await putFailed();
    expect(await operator().remove(id)).toMatchObject({ id, status: 'failed' });
    await expect(operator().remove(id)).rejects.toMatchObject({ code: 'job-gone' });
  });

  it('deletes a job whose time is up as expired', async () => {
    const { ref, id } = await put({ x: 0 });
    await redis.client.zadd(keys.expiring, 1, formatRef(ref));
    expect(await operator().remove(id)).toMatchObject({ status: 'expired' });
    expect(await redis.client.exists(keys.result(formatRef(ref)))).toBe(0);
  });

  it('is refused for an unfinished job, which stays', async () => {
    const { id } = await put();
    await expect(operator().remove(id)).rejects.toMatchObject({ code: 'job-not-finished' });
    expect(await redis.client.xlen(keys.stream.normal)).toBe(1);
  });
});
