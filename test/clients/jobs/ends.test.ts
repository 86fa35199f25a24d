import { expect } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';
import { type Job, withEachClient } from '../each-client.ts';

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);

const isRunning = (id: string) =>
  until(async () => (await api.get(id)).progress !== undefined, 'the job to run');

withEachClient(
  () => ({ url: api.origin }),
  (scenario) => {
    scenario('says why a job failed', async ({ driver, submit }) => {
      const id = await submit('fail', { retryable: false });
      const fault = await driver.faultOf('result', { id });
      expect(fault).toMatchObject({ code: 'job-failed', job: { id, status: 'failed' } });
      expect(fault.message).toContain('it failed');
    });

    scenario('gets the result of a job that was tried again', async ({ driver, submit }) => {
      const id = await submit('flaky', { until: 3 });
      expect(await driver.call('result', { id })).toEqual({ attempt: 3 });
      const job = await driver.call<Job>('get', { id });
      expect(job['errors']).toHaveLength(2);
    });

    scenario('fails a job whose attempts are spent', async ({ driver, submit }) => {
      const id = await submit('fail', {}, { attempts: 2, backoff: { type: 'fixed', delay: 10 } });
      const job = await driver.call<Job>('wait', { id });
      expect(job).toMatchObject({ status: 'failed', attempt: 2, maxAttempts: 2 });
    });

    scenario('fails a job that takes longer than its timeout', async ({ driver, submit }) => {
      const id = await submit('hold', {}, { timeout: 200, attempts: 1 });
      const fault = await driver.faultOf('result', { id });
      expect(fault.code).toBe('job-failed');
      expect(fault.message).toMatch(/200 ms|timeout|timed out/i);
    });

    scenario('ends a wait at its timeout, and the job goes on', async ({ driver, submit }) => {
      const id = await submit('echo', 'slow', { delay: '1h' });
      const fault = await driver.faultOf('result', { id, timeoutMs: 200 });
      expect(fault).toMatchObject({ code: 'timed-out', status: 0 });
      expect((await driver.call<Job>('get', { id })).status).toBe('scheduled');
    });

    scenario('waits for many jobs side by side', async ({ driver, submit }) => {
      const ids = await Promise.all(Array.from({ length: 20 }, (_, n) => submit('echo', n, { delay: 100 })));
      const results = await Promise.all(ids.map((id) => driver.call('result', { id })));
      expect(results).toEqual(ids.map((_, n) => n));
    });

    scenario('waits for a job that has ended', async ({ driver, submit }) => {
      const id = await submit('echo', 'done');
      await driver.call('wait', { id });
      expect(await driver.call('result', { id })).toBe('done');
    });

    scenario('cancels a job that waits', async ({ driver, submit }) => {
      const id = await submit('echo', null, { delay: '1h' });
      expect((await driver.call<Job>('cancel', { id })).status).toBe('cancelled');
      expect(await driver.faultOf('result', { id })).toMatchObject({ code: 'job-cancelled', job: { id } });
    });

    scenario('cancels a job that runs', async ({ driver, submit }) => {
      const id = await submit('hold', {});
      await isRunning(id);
      await driver.call('cancel', { id });
      expect((await driver.call<Job>('wait', { id })).status).toBe('cancelled');
    });

    scenario('refuses to cancel a job that has completed', async ({ driver, submit, run }) => {
      await run('echo');
      const id = await submit('echo');
      await driver.call('wait', { id });
      expect(await driver.faultOf('cancel', { id })).toMatchObject({ code: 'job-finished', status: 409 });
    });

    scenario('shows the progress of a job', async ({ driver, submit }) => {
      const id = await submit('hold', {});
      await isRunning(id);
      expect((await driver.call<Job>('get', { id }))['progress']).toEqual({ held: true });
      await driver.call('cancel', { id });
    });

    scenario.needs('logs')('reads the log of a job', async ({ driver, submit }) => {
      const id = await submit('log-lines', { lines: 5 }, { attempts: 1 });
      await driver.call('wait', { id });
      const { items, dropped } = await driver.call<{
        items: { message: string; line: number }[];
        dropped: number;
      }>('logs', { id, after: 2 });
      expect(items.map(({ message }) => message)).toEqual(['line 2', 'line 3', 'line 4']);
      expect(dropped).toBe(0);
    });

    scenario.needs('retry')('retries a failed job', async ({ driver, submit }) => {
      const id = await submit('fail', { retryable: false });
      await driver.call('wait', { id });
      expect((await driver.call<Job>('retry', { id })).id).toBe(id);
      const job = await until(async () => {
        const { errors, status } = await driver.call<Job>('get', { id });
        return status === 'failed' && (errors as unknown[]).length === 2;
      }, 'the second failure');
      expect(job).toBe(true);
    });

    scenario.needs('rerun')('runs an ended job again, with changes', async ({ driver, submit }) => {
      const id = await submit('echo', 'first', { keepPayload: true });
      await driver.call('wait', { id });
      const again = await driver.call<Job>('rerun', { id, changes: { payload: 'second' } });
      expect(again['rerunOf']).toBe(id);
      expect(await driver.call('result', { id: again.id })).toBe('second');
    });

    scenario.needs('change')('changes a job that waits', async ({ driver, submit }) => {
      const id = await submit('echo', 'old', { delay: '1h' });
      const changed = await driver.call<Job>('change', { id, changes: { payload: 'new', delay: 0 } });
      expect(changed.id).toBe(id);
      expect(await driver.call('result', { id })).toBe('new');
      const late = await driver.faultOf('change', { id, changes: { payload: 'late' } });
      expect(late).toMatchObject({ code: 'job-started', status: 409 });
    });

    scenario.needs('change')('changes a job only if it is as it was read', async ({ driver, submit }) => {
      const id = await submit('echo', 'old', { delay: '1h' });
      const ifUnchanged = { id, ifUnchanged: true };
      expect(await driver.call('change', { ...ifUnchanged, changes: { payload: 'new' } })).toMatchObject({
        id,
      });
      const before = { payload: 'of another' };
      const fault = await driver.faultOf('change', { ...ifUnchanged, before, changes: { payload: 'late' } });
      expect(fault).toMatchObject({ code: 'precondition-failed', status: 412 });
      expect((await driver.call<Job>('get', { id }))['payload']).toBe('of another');
    });

    scenario.needs('remove')('removes a job that has ended', async ({ driver, submit }) => {
      const id = await submit('echo');
      await driver.call('wait', { id });
      expect(await driver.call('remove', { id })).toBeNull();
      expect(await driver.faultOf('get', { id })).toMatchObject({ status: 410, code: 'job-gone' });
    });

    scenario.needs('abort')('ends a wait that is aborted', async ({ driver, submit }) => {
      const id = await submit('echo', null, { delay: '1h' });
      const waiting = driver.begin('result', { id });
      const fault = driver.failed(waiting);
      await driver.call('abort', { call: waiting.id });
      expect((await fault).code).toBe('aborted');
    });
  },
);
