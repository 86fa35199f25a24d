import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../../src/redis/keys.ts';
import { type Answer, NDJSON_TYPE, send } from '../../../helpers/api/send.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { itemsOf, mixed, OUTCOMES, shown, useBatches } from '../../../helpers/unique/batch.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const MAX_BYTES = 50_000;
const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: String(MAX_BYTES) });
const workerOf = useManualWorkers(redis);
const { keyed, stored, queueWithJobs } = useBatches(api, workerOf);

describe('a batch of unique jobs with an Idempotency-Key', () => {
  it('is answered as before, whatever has become of the places, and changes nothing', async () => {
    const queue = 'once';
    const { worker, delivery } = await queueWithJobs(queue);
    const jobs = [
      ...mixed(queue),
      { queue, payload: 'refused', unique: { key: 'runs', onConflict: 'reject' } },
      { queue, task: 'a b' },
      { queue, payload: 'last' },
    ];
    const first = await keyed(jobs, 'k');
    expect(shown(first)).toEqual([
      ...OUTCOMES,
      [409, 'not-unique'],
      [400, 'invalid-request'],
      [202, undefined],
    ]);
    await worker.complete(delivery, 1);
    for (const one of await worker.takeNow(10)) await worker.complete(one, 1);
    const before = await redis.client.hgetall(queueKeys('mr', queue).uniques);
    const again = await keyed(jobs, 'k');
    expect(again.headers['idempotency-replayed']).toBe('true');
    const withoutRequest = (answer: Answer) =>
      itemsOf(answer).map(({ problem, ...item }) => ({
        ...item,
        code: problem?.code,
        jobId: problem?.jobId,
      }));
    expect(withoutRequest(again)).toEqual(withoutRequest(first));
    expect(await redis.client.hgetall(queueKeys('mr', queue).uniques)).toEqual(before);
    expect(await worker.takeNow(10)).toEqual([]);
  });

  it('is stored in parts where it is long, each at most once', async () => {
    const queue = 'long';
    const line = (i: number) =>
      `${JSON.stringify({ task: 'echo', queue, payload: i, ...(i % 3 === 0 && { unique: { key: `k${i % 90}` } }) })}\n`;
    const lines = Array.from({ length: 1_200 }, (_, i) => line(i));
    const post = (body: string) =>
      send(api.origin, { path: '/jobs/batch', headers: { ...NDJSON_TYPE, 'idempotency-key': 'k' }, body });
    expect(lines.join('').length).toBeGreaterThan(MAX_BYTES);
    const first = await post(lines.join(''));
    expect(itemsOf(first).filter(({ status }) => status === 202)).toHaveLength(800 + 30);
    expect(itemsOf(first).filter(({ status }) => status === 200)).toHaveLength(400 - 30);
    const again = await post(lines.join(''));
    expect([again.headers['idempotency-replayed'], again.text]).toEqual(['true', first.text]);
    expect(await stored(queue)).toBe(830);
  });
});
