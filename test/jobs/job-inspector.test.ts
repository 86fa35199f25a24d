import { expect, it } from 'vitest';
import { JobInspector } from '../../src/jobs/job-inspector.ts';
import { formatJobId } from '../../src/redis/job-id.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { putQueued } from '../helpers/redis/places.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it('finds a job, or rejects', async () => {
  const inspector = new JobInspector(createTestCore(redis.client));
  const [ref] = await putQueued(redis.client, queueKeys('mr', 'q'), [1]);
  const id = formatJobId('q', ref ?? { place: 'normal', entryId: '0-0' });
  expect(await inspector.find(id)).toMatchObject({ id, status: 'queued' });
  expect(await inspector.findKept(id)).toMatchObject({ id });
  await expect(inspector.find('nonsense')).rejects.toMatchObject({ code: 'job-not-found' });
});

it('gives undefined for a job that is no longer kept or never was', async () => {
  const inspector = new JobInspector(createTestCore(redis.client));
  expect(await inspector.findKept('q~n1-0')).toBeUndefined();
  expect(await inspector.findKept('nonsense')).toBeUndefined();
});

it('rejects when Redis fails', async () => {
  const inspector = new JobInspector(createTestCore(redis.client));
  await redis.client.set(queueKeys('mr', 'broken').stream.normal, 'not a stream');
  await expect(inspector.findKept('broken~n1-0')).rejects.toThrow('WRONGTYPE');
});
