import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../../src/redis/keys.ts';
import { expectProblem } from '../../../helpers/api/expect-schema.ts';
import { NDJSON_TYPE, send } from '../../../helpers/api/send.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { isOnCluster, useRedis } from '../../../helpers/redis/server.ts';
import { itemsOf, mixed, OUTCOMES, shown, useBatches } from '../../../helpers/unique/batch.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);
const { submit, batch, atomic, keyed, stored, queueWithJobs } = useBatches(api, workerOf);

const payloadOf = async (id: string | undefined) => (await api.get(id ?? '')).payload;

describe('a batch of unique jobs', () => {
  it('says of each job what became of it', async () => {
    const job = { task: 'echo', queue: 'each', unique: true };
    const first = await batch([
      { ...job, payload: 1 },
      { ...job, payload: 2, priority: 'low' },
      { queue: 'each' },
    ]);
    expect(shown(first).map(([status]) => status)).toEqual([202, 202, 202]);
    const [one, two] = itemsOf(first);
    const lines = [
      { ...job, payload: 2 },
      { ...job, payload: 1, unique: { onConflict: 'reject' } },
    ];
    const again = await send(api.origin, {
      path: '/jobs/batch',
      headers: NDJSON_TYPE,
      body: lines.map((line) => JSON.stringify(line)).join('\n'),
    });
    expect(itemsOf(again)[0]).toEqual({ index: 0, status: 200, id: two?.id, deduplicated: true });
    expect(itemsOf(again)[1]).toMatchObject({ status: 409, problem: { code: 'not-unique', jobId: one?.id } });
  });

  it.each(['atomic', 'keyed'] as const)('decides about all in one step: %s', async (how) => {
    const queue = `mixed-${how}`;
    const { worker, delivery, ids } = await queueWithJobs(queue);
    const answer = how === 'atomic' ? await atomic(mixed(queue)) : await keyed(mixed(queue), 'k');
    expect(shown(answer)).toEqual(OUTCOMES);
    const [plain, replaced, cached, running, follower, free] = itemsOf(answer).map(({ id }) => id);
    expect([replaced, cached, running]).toEqual([ids.waiting, ids.cached, ids.running]);
    expect(await api.get(plain ?? '')).toMatchObject({ status: 'scheduled', tags: ['t'], payload: 'plain' });
    expect(await payloadOf(replaced)).toBe('new');
    expect(await api.get(follower ?? '')).toMatchObject({ payload: 'follows', heldBy: 'unique' });
    expect(await payloadOf(free)).toBe('free');
    await worker.complete(delivery, 1);
    expect((await api.get(follower ?? '')).heldBy).toBeUndefined();
    expect(await redis.client.zcard(queueKeys('mr', queue).expiring)).toBe(1);
    const found = await api.http.get(`/jobs?tag=t&queue=${queue}`);
    expect(found.body.items.map(({ id }: { id: string }) => id)).toEqual([plain]);
  });

  it.skipIf(isOnCluster)(
    'takes its jobs one after the other: those of one place share it, in each queue',
    async () => {
      const [queue, other] = ['shared', 'shared-2'];
      const key = 'one';
      const answer = await atomic([
        { queue, payload: 1, unique: { key } },
        { queue, payload: 2, unique: { key } },
        { queue, payload: 3, unique: { key, onConflict: 'replace' }, tags: ['b'] },
        { queue: other, payload: 4, unique: { key } },
        { queue, payload: 5, debounce: { key, wait: '1h' }, tags: ['c'] },
        { queue: other, payload: 6, unique: { key } },
      ]);
      expect(shown(answer)).toEqual([
        [202, undefined],
        [200, 'deduplicated'],
        [200, 'replaced'],
        [202, undefined],
        [200, 'replaced'],
        [200, 'deduplicated'],
      ]);
      const ids = itemsOf(answer).map(({ id }) => id);
      expect(new Set(ids).size).toBe(2);
      expect(await api.get(ids[0] ?? '')).toMatchObject({ payload: 5, status: 'scheduled', tags: ['c'] });
      expect(await payloadOf(ids[3])).toBe(4);
      expect([await stored(queue), await stored(other)]).toEqual([1, 1]);
      const later = await submit({ queue, payload: 7, unique: { key } });
      expect([later.status, later.body.id]).toEqual([200, ids[0]]);
    },
  );

  it('lets later jobs replace the one that follows a running one', async () => {
    const queue = 'follows';
    const worker = await workerOf(queue);
    const unique = { key: 'k', onConflict: 'replace' };
    await submit({ queue, unique });
    const delivery = await worker.take();
    const answer = await atomic([1, 2, 3].map((payload) => ({ queue, payload, unique })));
    expect(shown(answer)).toEqual([
      [202, undefined],
      [200, 'replaced'],
      [200, 'replaced'],
    ]);
    await worker.complete(delivery, 1);
    expect((await worker.take()).fields).toContain('3');
    expect(await worker.takeNow()).toEqual([]);
  });

  it('tells of a job that it stores and replaces in this order', async () => {
    const queue = 'told';
    await api.http.put(`/queues/${queue}`).send({ submitEvents: true }).expect(200);
    const unique = { key: 'k', onConflict: 'replace' };
    await atomic([{ queue, unique }, { queue }, { queue, unique, payload: 2 }, { queue, payload: 3 }]);
    const events = await redis.client.xrange(queueKeys('mr', queue).events, '-', '+');
    const told = events.map(([, [, kind, , jobs = '']]) => [kind, jobs.split(' ').length]);
    expect(told).toEqual([
      ['submitted', 2],
      ['changed', 1],
      ['submitted', 1],
    ]);
  });
});

describe('an atomic batch', () => {
  it.skipIf(isOnCluster)('is a 409 that names the job whose place is taken, and stores nothing', async () => {
    const [queue, other] = ['reject', 'reject-2'];
    const { body: first } = await submit({ queue, payload: 'old', unique: { key: 'k' } });
    const refused = await atomic([
      { queue: other },
      { queue, payload: 'new', unique: { key: 'k', onConflict: 'replace' } },
      { queue, unique: { key: 'k', onConflict: 'reject' } },
    ]);
    expectProblem(refused, 409, 'not-unique', ['/jobs/2/unique']);
    expect(refused.body.jobId).toBe(first.id);
    expect(await payloadOf(first.id)).toBe('old');
    expect(await redis.client.exists(queueKeys('mr', other).stream.normal)).toBe(0);
    expect(await stored(queue)).toBe(1);
  });

  it('is a 409 where a job of its own has the place', async () => {
    const queue = 'reject-own';
    const unique = { key: 'k', onConflict: 'reject' };
    const refused = await atomic([
      { queue, unique },
      { queue, unique },
    ]);
    expectProblem(refused, 409, 'not-unique', ['/jobs/1/unique']);
    expect(refused.body.jobId).toBeUndefined();
    expect(await redis.client.exists(queueKeys('mr', queue).uniques)).toBe(0);
  });

  it('needs room for the jobs that it stores, and for no others', async () => {
    const queue = 'room';
    await api.http.put(`/queues/${queue}`).send({ maxJobs: 2 }).expect(200);
    const job = { queue, unique: { key: 'a' } };
    const tooMany = await atomic([job, { queue }, { queue, unique: true }]);
    expectProblem(tooMany, 429, 'queue-full');
    expect(await redis.client.exists(queueKeys('mr', queue).stream.normal)).toBe(0);
    expect(shown(await atomic([job, job, { queue }, job])).map(([status]) => status)).toEqual([
      202, 200, 202, 200,
    ]);
  });

  it('answers a repeated Idempotency-Key as before', async () => {
    const queue = 'atomic-once';
    const headers = { 'idempotency-key': 'k' };
    const jobs = [
      { queue, unique: { key: 'a' } },
      { queue, unique: { key: 'a', onConflict: 'reject' } },
    ];
    expectProblem(await atomic(jobs, headers), 409, 'not-unique');
    const first = await atomic(jobs.slice(0, 1), headers);
    const again = await atomic(jobs.slice(0, 1), headers);
    expect([again.headers['idempotency-replayed'], again.text]).toEqual(['true', first.text]);
  });
});
