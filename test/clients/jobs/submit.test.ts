import { expect } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';
import { type Job, withEachClient } from '../each-client.ts';

const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: '1048576' });
useWorker(redis);

/** Of each kind of JSON, with what often breaks on the way. */
const VALUES = [
  null,
  true,
  0,
  -1.5,
  '',
  'Grüße, 世界 🎉 \u0000 \u2028 "\\/"',
  [],
  {},
  [1, [2, [3]]],
  { '': 1, 'a b': { 'ü/~': null } },
];

withEachClient(
  () => ({ url: api.origin }),
  (scenario) => {
    scenario('submits a job and gets what its task returned', async ({ run }) => {
      expect(await run('echo', { name: 'Ada' })).toEqual({ name: 'Ada' });
    });

    scenario('carries every kind of JSON there and back', async ({ run }) => {
      expect(await run('echo', VALUES)).toEqual(VALUES);
      for (const value of VALUES) expect(await run('echo', value)).toEqual(value);
    });

    scenario('carries a payload of half a megabyte', async ({ run }) => {
      const text = 'ü'.repeat(250_000);
      expect(await run('echo', text)).toBe(text);
    });

    scenario('sends null when there is no payload', async ({ run }) => {
      expect(await run('echo')).toBeNull();
    });

    scenario('reads a job by its id', async ({ driver, submit }) => {
      const id = await submit('echo', 1, {
        queue: 'nobody',
        metadata: { tenant: 'ü' },
        key: 'k',
        tags: ['a'],
      });
      expect(await driver.call('get', { id })).toMatchObject({
        id,
        queue: 'nobody',
        status: 'queued',
        task: 'echo',
        payload: 1,
        metadata: { tenant: 'ü' },
        key: 'k',
        tags: ['a'],
        attempt: 0,
      });
    });

    scenario('stores one job for one idempotency key', async ({ driver }) => {
      const args = {
        task: 'echo',
        payload: 1,
        options: { queue: 'once', idempotencyKey: `order-${Math.random()}` },
      };
      const first = await driver.call<Job>('submit', args);
      expect((await driver.call<Job>('submit', args)).id).toBe(first.id);
      const other = { ...args, payload: 2 };
      expect(await driver.faultOf('submit', other)).toMatchObject({
        code: 'idempotency-mismatch',
        status: 422,
      });
    });

    scenario('stores a job for each submit without a key of its own', async ({ submit }) => {
      const ids = [await submit('echo', 1, { queue: 'twice' }), await submit('echo', 1, { queue: 'twice' })];
      expect(new Set(ids).size).toBe(2);
    });

    scenario('starts a delayed job when its time has come', async ({ driver, submit }) => {
      const id = await submit('echo', 'later', { delay: '300ms' });
      expect((await driver.call<Job>('get', { id })).status).toMatch(/scheduled|queued|running|completed/);
      const job = await driver.call<Job>('wait', { id });
      const { createdAt, startedAt } = job as unknown as { createdAt: string; startedAt: string };
      expect(Date.parse(startedAt) - Date.parse(createdAt)).toBeGreaterThanOrEqual(300);
    });

    scenario('gives the time at which a job starts', async ({ driver, submit }) => {
      const runAt = '2099-12-31T23:00:00.000Z';
      const id = await submit('echo', null, { runAt });
      expect(await driver.call('get', { id })).toMatchObject({ status: 'scheduled', runAt });
    });

    scenario('gives an urgent job before others', async ({ submit }) => {
      const queue = `lanes-${Math.random()}`;
      const ids = [
        await submit('echo', 'low', { queue, priority: 'low' }),
        await submit('echo', 'critical', { queue, priority: 'critical' }),
      ];
      const taken = await api.http.post('/leases').send({ queues: [queue], max: 2 });
      expect(taken.body.jobs.map(({ id }: Job) => id)).toEqual(ids.reverse());
    });

    scenario('finds the job that has the place of a unique one', async ({ driver, submit }) => {
      const options = { queue: 'unique', unique: { key: `invoice-${Math.random()}` } };
      const first = await submit('echo', 1, options);
      expect(await submit('echo', 2, options)).toBe(first);
      const strict = { ...options, unique: { ...options.unique, onConflict: 'reject' } };
      const fault = await driver.faultOf('submit', { task: 'echo', payload: 3, options: strict });
      expect(fault).toMatchObject({ code: 'not-unique', status: 409 });
    });

    scenario('expires a job that nobody starts', async ({ driver, submit }) => {
      const id = await submit('echo', null, { queue: 'nobody', expiresIn: 100 });
      const fault = await driver.faultOf('result', { id });
      expect(fault).toMatchObject({ code: 'job-expired', job: { id, status: 'expired' } });
    });

    scenario.needs('find')('finds jobs by their tags, the newest first', async ({ driver, submit }) => {
      const tag = `order ${Math.random()}`;
      const ids = [await submit('echo', 1, { tags: [tag, 'a/ü'] }), await submit('echo', 2, { tags: [tag] })];
      const found = await driver.call<Job[]>('find', { filter: { tag } });
      expect(found.map(({ id }) => id)).toEqual([...ids].reverse());
      const both = await driver.call<Job[]>('find', { filter: { tag: [tag, 'a/ü'] } });
      expect(both.map(({ id }) => id)).toEqual([ids[0]]);
    });

    scenario.needs('find')('reads a list page by page', async ({ driver, submit }) => {
      const tag = `pages-${Math.random()}`;
      for (let n = 0; n < 5; n += 1) await submit('echo', n, { tags: [tag] });
      expect(await driver.call<Job[]>('find', { filter: { tag, limit: 2 } })).toHaveLength(5);
    });

    scenario.needs('batch')('submits a batch, with an outcome for each job', async ({ driver }) => {
      const jobs = [
        { task: 'echo', payload: 1 },
        { task: 'echo', attempts: 1_000 },
        { task: 'echo', payload: 3, queue: 'other' },
      ];
      const outcomes = await driver.call<{ status: number; id?: string; problem?: { code: string } }[]>(
        'batch',
        { jobs },
      );
      expect(outcomes.map(({ status }) => status)).toEqual([202, 400, 202]);
      expect(outcomes[1]?.problem?.code).toBe('invalid-request');
      expect(await driver.call('result', { id: outcomes[0]?.id })).toBe(1);
    });

    scenario.needs('batch')('stores nothing of an atomic batch with a faulty job', async ({ driver }) => {
      const jobs = [
        { task: 'echo', queue: 'atomic' },
        { task: 'echo', queue: 'atomic', attempts: 1_000 },
      ];
      expect(await driver.faultOf('batch', { jobs, atomic: true })).toMatchObject({
        code: 'invalid-batch',
        status: 400,
      });
      expect((await api.http.get('/queues/atomic')).body.counts.queued).toBe(0);
    });

    scenario.needs('batch')('submits a thousand jobs at once', async ({ driver }) => {
      const jobs = Array.from({ length: 1_000 }, (_, n) => ({ task: 'echo', queue: 'many', payload: n }));
      const outcomes = await driver.call<{ status: number }[]>('batch', { jobs });
      expect(outcomes.filter(({ status }) => status === 202)).toHaveLength(1_000);
    });
  },
);
