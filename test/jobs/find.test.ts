import { beforeEach, describe, expect, it } from 'vitest';
import { findJob, locateJob } from '../../src/jobs/find.ts';
import { formatJobId, formatRef } from '../../src/redis/job-id.ts';
import type { QueueKeys } from '../../src/redis/keys.ts';
import { JsonText } from '../../src/schemas/json/json-text.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { bury, deliver, newQueueKeys, putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
let keys: QueueKeys;
beforeEach(() => {
  keys = newQueueKeys();
});

const find = (id: string) => {
  const core = createTestCore(redis.client);
  return findJob(core, locateJob(core, id));
};

async function put(options = {}) {
  const [ref] = await putQueued(redis.client, keys, ['payload'], { options });
  if (ref === undefined) throw new Error('not stored');
  return { ref, id: formatJobId(keys.queue, ref) };
}

describe('a job id', () => {
  it('gives the keys and the ref of a job', () => {
    const located = locateJob(createTestCore(redis.client), 'default~n1-0');
    expect(located).toMatchObject({ id: 'default~n1-0', ref: { place: 'normal', entryId: '1-0' } });
    expect(located.keys.queue).toBe('default');
  });

  it('is answered with job-not-found when the text is not an id', () => {
    expect(() => locateJob(createTestCore(redis.client), 'nonsense')).toThrow(
      expect.objectContaining({ code: 'job-not-found' }),
    );
  });
});

describe('a job', () => {
  it('is found queued, running and failed', async () => {
    const { ref, id } = await put();
    expect(await find(id)).toMatchObject({ id, status: 'queued', payload: JsonText.of('payload') });
    await deliver(redis.client, keys, 1);
    expect(await find(id)).toMatchObject({ status: 'running', worker: 'worker', attempt: 1 });
    await bury(redis.client, keys, ref, 5_000, { message: 'no disk' });
    expect(await find(id)).toMatchObject({ status: 'failed', error: { message: 'no disk' } });
  });

  it('is gone when its entry is, and not found when its stream has not come that far', async () => {
    const { ref, id } = await put();
    const later = formatJobId(keys.queue, { ...ref, entryId: '9999999999999-0' });
    await redis.client.xdel(keys.stream.normal, ref.entryId);
    await expect(find(id)).rejects.toMatchObject({ code: 'job-gone' });
    await expect(find(later)).rejects.toMatchObject({ code: 'job-not-found' });
  });

  it('is expired by the read when its time is up', async () => {
    const { ref, id } = await put({ x: 0 });
    await redis.client.zadd(keys.expiring, 1, formatRef(ref));
    expect(await find(id)).toMatchObject({ status: 'expired' });
    expect(await redis.client.xlen(keys.stream.normal)).toBe(0);
  });

  it('is not expired by the read once a worker has it', async () => {
    const { id } = await put({ x: 0 });
    await deliver(redis.client, keys, 1);
    expect(await find(id)).toMatchObject({ status: 'running' });
  });
});
