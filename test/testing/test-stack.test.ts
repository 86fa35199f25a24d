import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskContext } from '../../src/tasks/types.ts';
import { startMillrace, type TestStack } from '../../src/testing/test-stack.ts';
import { submitTo } from '../helpers/api/submit-to.ts';

let stack: TestStack;

beforeAll(async () => {
  stack = await startMillrace({
    tasks: {
      greet: ({ name }: { name: string }) => `Hello ${name}`,
      flaky: {
        backoff: { type: 'fixed', delay: '1h', jitter: 0 },
        handler: (_: unknown, { job }: TaskContext) => {
          if (job.attempt === 1) throw new Error('not yet');
          return job.attempt;
        },
      },
    },
  });
});

afterAll(() => stack.stop());

const { submit, get } = submitTo(() => stack.url);

describe('startMillrace', () => {
  it('runs jobs with the given tasks', async () => {
    const job = await submit({ task: 'greet', payload: { name: 'Ada' } }, 30);
    expect(job).toMatchObject({ status: 'completed', result: 'Hello Ada' });
  });

  it('lets delayed jobs of any priority start at once when their time is advanced, and others not', async () => {
    const jobs = await Promise.all([
      submit({ task: 'greet', payload: { name: 'a' }, delay: '1h' }),
      submit({ task: 'greet', payload: { name: 'b' }, delay: '1h', priority: 'high' }),
      submit({ task: 'greet', payload: { name: 'c' }, delay: '3h' }),
    ]);
    expect(await stack.advance('2h')).toBe(2);
    await expect.poll(async () => (await get(jobs[0])).status).toBe('completed');
    await expect.poll(async () => (await get(jobs[1])).status).toBe('completed');
    expect((await get(jobs[2])).status).toBe('scheduled');
    expect(await stack.advance('61m')).toBe(1);
    await expect.poll(async () => (await get(jobs[2])).status).toBe('completed');
  });

  it('lets a retry start at once', async () => {
    const job = await submit({ task: 'flaky' });
    await expect.poll(async () => (await get(job)).status).toBe('retrying');
    await stack.advance('1h');
    await expect.poll(async () => (await get(job)).status).toBe('completed');
    expect(await get(job)).toMatchObject({ result: 2 });
  });

  it('refuses to go back', async () => {
    await expect(stack.advance(-1)).rejects.toThrow('can only be advanced');
  });
});

describe('a second stack', () => {
  it('runs beside the first one, and is gone once it is disposed of', async () => {
    const other = await startMillrace({ settings: { MAX_PAYLOAD_BYTES: '2048' } });
    expect(other.worker).toBeUndefined();
    expect(other.url).not.toBe(stack.url);
    const { status } = await fetch(`${other.url}/readyz`);
    expect(status).toBe(200);
    await other[Symbol.asyncDispose]();
    await expect(fetch(`${other.url}/readyz`)).rejects.toThrow();
  });

  it('says why it cannot start, and leaves nothing behind', async () => {
    await expect(startMillrace({ settings: { LEASE_MS: 'soon' } })).rejects.toThrow('LEASE_MS');
    await expect(startMillrace({ tasks: {} })).rejects.toThrow('give at least one');
  });
});
