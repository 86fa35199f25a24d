import { expect, it } from 'vitest';
import { Millrace } from '../../src/client/index.ts';
import { withTaskName } from '../../src/client/task-name.ts';
import { useApi } from '../helpers/api/server.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const greet = { name: 'greet', handler: ({ name }: { name: string }) => `Hello ${name}` };

it('names the task of a job, and leaves other jobs alone', () => {
  expect(withTaskName({ task: greet, priority: 'high' })).toEqual({ task: 'greet', priority: 'high' });
  for (const job of [{ task: 'greet' }, {}, undefined]) expect(withTaskName(job)).toBe(job);
});

it('lets a batch take tasks in place of their names', async () => {
  const mr = new Millrace({ url: api.origin });
  const outcomes = await mr.batch([
    { task: greet, payload: { name: 'Ada' }, queue: 'typed' },
    { task: 'other', queue: 'typed' },
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual([202, 202]);
  expect(await mr.queue('typed').jobs().first(10)).toMatchObject([
    { task: 'greet', payload: { name: 'Ada' } },
    { task: 'other', payload: null },
  ]);
});

it('leaves it to the service to refuse what programs without types give', async () => {
  const mr = new Millrace({ url: api.origin });
  const jobs: unknown = [null, { task: null }];
  expect((await mr.batch(jobs as [])).map(({ status }) => status)).toEqual([400, 400]);
  await expect(mr.batch(undefined as unknown as [])).rejects.toMatchObject({ code: 'invalid-request' });
});
