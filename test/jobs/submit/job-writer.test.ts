import { beforeEach, describe, expect, it } from 'vitest';
import type { Core } from '../../../src/core/core.ts';
import { type AdmittedJob, admitJob } from '../../../src/jobs/submit/admission.ts';
import { onceFor } from '../../../src/jobs/submit/idempotency.ts';
import { JobWriter } from '../../../src/jobs/submit/job-writer.ts';
import type { Ref } from '../../../src/redis/job-id.ts';
import type { SubmitJob } from '../../../src/schemas/job.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
let core: Core;
let writer: JobWriter;

beforeEach(async () => {
  await redis.client.flushall();
  core = createTestCore(redis.client);
  writer = new JobWriter(core);
});

const admit = async (job: Partial<SubmitJob> = {}): Promise<AdmittedJob> =>
  admitJob(core, { task: 'echo', ...job });
const write = (job: AdmittedJob): Promise<Ref> => writer.write(job, (_, ref) => ref);
const limit = (maxJobs: number) =>
  redis.client.hset(core.keySpace.queue('default').settings, 'maxJobs', maxJobs);
const queued = () => redis.client.xlen(core.keySpace.queue('default').stream.normal);

describe('a job is written', () => {
  it('into its lane, and its queue is registered', async () => {
    const ref = await write(await admit());
    expect(ref.place).toBe('normal');
    expect(await core.queues.names()).toEqual(['default']);
    expect((await write(await admit())).entryId > ref.entryId).toBe(true);
  });

  it('with its start time when it is delayed', async () => {
    const ref = await write(await admit({ delay: '1h' }));
    const keys = core.keySpace.queue('default');
    expect(await redis.client.zscore(keys.scheduled, `p${ref.entryId}`)).not.toBeNull();
  });

  it('only while the queue has free depth', async () => {
    await limit(1);
    await write(await admit());
    await expect(write(await admit())).rejects.toMatchObject({ code: 'queue-full' });
    expect(await queued()).toBe(1);
  });

  it('once the jobs whose time is up are expired', async () => {
    await limit(1);
    await write(await admit({ expiresIn: 0 }));
    await write(await admit());
    expect(await queued()).toBe(1);
  });

  it('or its view rejects the write when it throws', async () => {
    await write(await admit());
    const broken = writer.write(await admit(), () => {
      throw new Error('no view');
    });
    await expect(broken).rejects.toThrow('no view');
  });
});

describe('jobs are written', () => {
  it('each for itself: a fault of one lane spares the others', async () => {
    await redis.client.set(core.keySpace.queue('default').stream.high, 'not a stream');
    const jobs = await Promise.all([admit(), admit({ priority: 'high' }), admit({ delay: '1h' })]);
    const outcomes = await writer.writeEach(jobs);
    expect(outcomes.map((one) => (one instanceof Error ? 'fault' : one.place))).toEqual([
      'normal',
      'fault',
      'parked',
    ]);
  });

  it('all or none in one step', async () => {
    await limit(2);
    const entries = (await Promise.all([admit(), admit(), admit()])).map(({ entry }) => entry);
    await expect(writer.writeTogether(entries)).rejects.toMatchObject({ code: 'queue-full' });
    expect(await queued()).toBe(0);
    expect(await writer.writeTogether(entries.slice(1))).toMatchObject({ kind: 'stored' });
    expect(await queued()).toBe(2);
  });

  it('once with an Idempotency-Key', async () => {
    const keys = core.keySpace.queue('default');
    const { entry } = await admit();
    const first = await writer.writeTogether([entry], await onceFor(keys, 'key', 'request', 60_000));
    const second = await writer.writeTogether([entry], await onceFor(keys, 'key', 'request', 60_000));
    expect([first.kind, second.kind]).toEqual(['stored', 'replayed']);
    expect(second.refs).toEqual(first.refs);
    const other = writer.writeTogether([entry], await onceFor(keys, 'key', 'other', 60_000));
    await expect(other).rejects.toMatchObject({ code: 'idempotency-mismatch' });
    expect(await queued()).toBe(1);
  });
});
