import { beforeEach, describe, expect, it } from 'vitest';
import type { Core } from '../../../src/core/core.ts';
import { AppError } from '../../../src/errors.ts';
import { revisionOf } from '../../../src/jobs/revision.ts';
import type { Candidate, SubmitOutcome } from '../../../src/jobs/submit/outcomes.ts';
import { Submitter } from '../../../src/jobs/submit/submitter.ts';
import type { Job, SubmitJob } from '../../../src/schemas/job.ts';
import { announceTasks } from '../../../src/tasks/announcements.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
let core: Core;
let submitter: Submitter;

beforeEach(async () => {
  await redis.client.flushall();
  core = createTestCore(redis.client, { unknownTasks: 'reject' });
  submitter = new Submitter(core);
  await announceTasks(redis.client, core.keySpace.queue('default'), [{ name: 'echo' }]);
});

const candidate = (job: Partial<SubmitJob> = {}): Candidate => ({ ok: true, job: { task: 'echo', ...job } });
const malformed: Candidate = { ok: false, error: new AppError('invalid-request', 'malformed') };
const withoutTimes = ({ id, createdAt, runAt, expiresAt, ...rest }: Job) => rest;
const codes = (outcomes: readonly SubmitOutcome[]) =>
  outcomes.map((one) => (one.ok ? 'stored' : one.error.code));
const stored = () => redis.client.xlen(core.keySpace.queue('default').stream.normal);

describe('a submit', () => {
  it.each([{}, { delay: '1h' }, { metadata: { a: 'b' }, expiresIn: '1h' }])(
    'as text gives what a submit gives as an object: %j',
    async (options) => {
      const job = { task: 'echo', payload: { n: [1] }, ...options };
      const { id, text, revision } = await submitter.submitAsText(job);
      const { value } = await submitter.submit(job);
      const accepted: Job = JSON.parse(text);
      expect(accepted.id).toBe(id);
      expect(withoutTimes(accepted)).toEqual(JSON.parse(printJson(withoutTimes(value))));
      expect(Object.keys(accepted).sort()).toEqual(Object.keys(value).sort());
      expect(revision).toBe(revisionOf(accepted));
    },
  );

  it('throws or rejects when the job is refused, and stores nothing', async () => {
    expect(() => submitter.submitAsText({ task: 'echo', delay: '9999d' })).toThrow(AppError);
    await expect(submitter.submitAsText({ task: 'other' })).rejects.toMatchObject({ code: 'unknown-task' });
    await expect(submitter.submit({ task: 'other' })).rejects.toMatchObject({ code: 'unknown-task' });
    expect(await stored()).toBe(0);
  });

  it('with a key stores the job once, and gives it as it is now', async () => {
    const first = await submitter.submit({ task: 'echo' }, 'key');
    const second = await submitter.submit({ task: 'echo' }, 'key');
    expect([first.replayed, second.replayed]).toEqual([false, true]);
    expect(second.value).toEqual(first.value);
    expect(await stored()).toBe(1);
  });

  it('notes in the entry that its submitter waits', async () => {
    await submitter.submit({ task: 'echo' }, undefined, { isAwaited: true });
    const [entry] = await redis.client.xrange(core.keySpace.queue('default').stream.normal, '-', '+');
    expect(entry?.[1]).toContain('{"w":true}');
  });
});

describe('a bulk submit', () => {
  it('stores each job that it can, and gives outcomes in the order of the jobs', async () => {
    const outcomes = await submitter.submitEach([
      candidate(),
      malformed,
      candidate({ task: 'other' }),
      candidate({ delay: '1h' }),
    ]);
    expect(codes(outcomes)).toEqual(['stored', 'invalid-request', 'unknown-task', 'stored']);
  });

  it('gives an outcome to each of more jobs than one chunk holds', async () => {
    const outcomes = await submitter.submitEach(Array.from({ length: 1_100 }, () => candidate()));
    expect(new Set(outcomes.map((one) => one.ok && one.id)).size).toBe(1_100);
  });

  it('stores none when it is atomic and one job is refused', async () => {
    const { value } = await submitter.submitTogether([candidate(), malformed], {
      atomic: true,
      key: undefined,
    });
    expect(codes(value)).toEqual(['stored', 'invalid-request']);
    expect(await stored()).toBe(0);
  });

  it('with a key repeats its outcomes, refusals included', async () => {
    const items = [candidate(), candidate({ task: 'other' })];
    const first = await submitter.submitTogether(items, { atomic: false, key: 'key' });
    const second = await submitter.submitTogether(items, { atomic: false, key: 'key' });
    expect([first.replayed, second.replayed]).toEqual([false, true]);
    expect(second.value).toEqual(first.value);
    expect(codes(second.value)).toEqual(['stored', 'unknown-task']);
    expect(await stored()).toBe(1);
  });
});

import { printJson } from '../../../src/schemas/json/json-text.ts';
