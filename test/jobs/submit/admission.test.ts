import { beforeEach, describe, expect, it } from 'vitest';
import type { Core } from '../../../src/core/core.ts';
import { admitJob, newEntry } from '../../../src/jobs/submit/admission.ts';
import { KeySpace } from '../../../src/redis/keyspace.ts';
import { JSON_NULL, JsonText } from '../../../src/schemas/json/json-text.ts';
import { MAX_START_MS } from '../../../src/schemas/values/duration.ts';
import { announceTasks, WORKER_LIVE_MS } from '../../../src/tasks/announcements.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const keySpace = new KeySpace('mr');
const NOW = Date.parse('2026-01-01T00:00:00Z');
let core: Core;

beforeEach(async () => {
  await redis.client.flushall();
  core = createTestCore(redis.client, { unknownTasks: 'reject' });
});

const entryOf = (job: object) => newEntry(keySpace, { task: 'echo', ...job }, { wall: () => NOW }).entry;
const announce = (...tasks: Parameters<typeof announceTasks>[2]) =>
  announceTasks(redis.client, core.keySpace.queue('default'), tasks);

/** Its worker has not renewed the announcement for as long as a live one may take. */
async function ageAnnouncement(task: string): Promise<void> {
  const { tasks } = core.keySpace.queue('default');
  const all = Object.entries(await redis.client.hgetall(tasks));
  for (const [field, text] of all.filter(([name]) => name.startsWith(`${task}\n`))) {
    const stored = JSON.parse(text);
    await redis.client.hset(tasks, field, JSON.stringify({ ...stored, at: stored.at - WORKER_LIVE_MS }));
  }
}

describe('the entry of a job', () => {
  it('is in the lane of its priority, without options unless the job has any', () => {
    expect(entryOf({})).toMatchObject({ place: 'normal', task: 'echo', payload: 'null', options: {} });
    expect(entryOf({ priority: 'high', payload: [1] })).toMatchObject({ place: 'high', payload: '[1]' });
    expect(entryOf({ keepPayload: false, delay: 0 }).options).toEqual({});
  });

  it('is parked with its priority when the job is delayed', () => {
    expect(entryOf({ delay: '2s', priority: 'low' })).toMatchObject({
      place: 'parked',
      options: { d: 2_000, pr: 'low' },
    });
    expect(entryOf({ runAt: '2026-01-01T00:00:05Z' })).toMatchObject({
      place: 'parked',
      options: { at: NOW + 5_000 },
    });
  });

  it('has every option in milliseconds', () => {
    const job = {
      attempts: 3,
      backoff: { type: 'exponential' as const, delay: '1s', max: '1m', jitter: 0.5 },
      timeout: '2m',
      expiresIn: '1h',
      resultTtl: '1d',
      metadata: { a: 'b' },
      keepPayload: true,
    };
    expect(entryOf(job).options).toEqual({
      a: 3,
      b: { type: 'exponential', delay: 1_000, max: 60_000, jitter: 0.5 },
      to: 120_000,
      x: 3_600_000,
      rt: 86_400_000,
      m: { a: 'b' },
      k: true,
    });
  });

  it.each([
    [{ delay: 1, runAt: '2026-01-01T00:00:00Z' }, ['/runAt']],
    [{ runAt: new Date(NOW + MAX_START_MS + 1).toISOString() }, ['/runAt']],
    [{ delay: '9999d', timeout: '9999d' }, ['/delay', '/timeout']],
    [{ backoff: { type: 'fixed', delay: '9999d' } }, ['/backoff/delay']],
  ])('is refused for %j', (job, pointers) => {
    const refused = expect.objectContaining({
      code: 'invalid-request',
      errors: pointers.map((pointer) => expect.objectContaining({ pointer })),
    });
    expect(() => entryOf(job)).toThrow(refused);
  });
});

describe('admission', () => {
  it('accepts every task of a queue without announcements', async () => {
    expect(await admitJob(core, { task: 'any' })).toMatchObject({ payload: JSON_NULL, needsScript: false });
  });

  it('makes no promise once tasks and limit are cached', async () => {
    await admitJob(core, { task: 'any' });
    expect(admitJob(core, { task: 'any' })).not.toBeInstanceOf(Promise);
  });

  it('refuses a task that no worker has announced, unless the service accepts all', async () => {
    await announce({ name: 'echo' });
    await expect(admitJob(core, { task: 'other' })).rejects.toMatchObject({
      code: 'unknown-task',
      extensions: { knownTasks: ['echo'] },
    });
    const lenient = createTestCore(redis.client);
    expect(await admitJob(lenient, { task: 'other' })).toMatchObject({ entry: { task: 'other' } });
  });

  it('names the tasks of live workers when it refuses one, and says when no worker runs', async () => {
    await announce({ name: 'gone' }, { name: 'stays' });
    await ageAnnouncement('gone');
    await expect(admitJob(core, { task: 'other' })).rejects.toMatchObject({
      message: 'No worker of queue "default" has announced the task "other". Announced tasks: stays.',
      errors: [{ pointer: '/task', detail: 'must be one of stays' }],
      extensions: { knownTasks: ['stays'] },
    });
    await ageAnnouncement('stays');
    await expect(admitJob(core, { task: 'other' })).rejects.toMatchObject({
      message: expect.stringContaining('No worker of queue "default" runs'),
      errors: [{ pointer: '/task', detail: 'needs a worker that has this task' }],
      extensions: { knownTasks: [] },
    });
    expect(await admitJob(core, { task: 'gone' })).toMatchObject({ entry: { task: 'gone' } });
  });

  it('reads the announcements again before it refuses', async () => {
    await announce({ name: 'echo' });
    await admitJob(core, { task: 'echo' });
    await announce({ name: 'new' });
    expect(await admitJob(core, { task: 'new' })).toMatchObject({ entry: { task: 'new' } });
  });

  it('refuses a payload that does not match the input schema', async () => {
    await announce({ name: 'echo', input: { type: 'object', required: ['n'] } });
    await expect(admitJob(core, { task: 'echo', payload: {} })).rejects.toMatchObject({
      code: 'invalid-payload',
      errors: [{ pointer: '/payload/n', detail: 'is required' }],
    });
    expect(await admitJob(core, { task: 'echo', payload: { n: 1 } })).toMatchObject({
      payload: JsonText.of({ n: 1 }),
    });
  });

  it('tells whether the queue has a limit', async () => {
    await redis.client.hset(core.keySpace.queue('default').settings, 'maxJobs', 1);
    expect(await admitJob(core, { task: 'echo' })).toMatchObject({ needsScript: true });
  });
});
