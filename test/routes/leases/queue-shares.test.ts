import { describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { completing, idsOf, newQueue, settle, submitMany, take } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

/** A queue that stays full, one behind it with a few jobs, and the order in which a worker names them. */
async function fullAndBehind(count: number) {
  const [full, behind] = [newQueue(), newQueue()];
  await submitMany(api, full, count);
  const waiting = await submitMany(api, behind, 3);
  return { queues: [full, behind], waiting };
}

describe('a worker that names several queues', () => {
  it('takes from a later queue while the first one is full, one job in sixteen', async () => {
    const { queues, waiting } = await fullAndBehind(100);
    const taken: string[] = [];
    for (let i = 0; i < 64; i += 1) taken.push(...idsOf(await take(api, { queues, max: 1 })));
    expect(taken).toEqual(expect.arrayContaining(waiting));
    expect(taken.filter((id) => !waiting.includes(id))).toHaveLength(61);
  });

  it('takes from a later queue with the jobs that it settles', async () => {
    const { queues, waiting } = await fullAndBehind(1_000);
    let { lease, jobs } = await take(api, { queues, max: 10 });
    const taken: string[] = [];
    while (jobs.length > 0 && waiting.some((id) => !taken.includes(id))) {
      const ids = idsOf({ jobs });
      taken.push(...ids);
      ({ lease, jobs } = await settle(api, lease, completing(ids), 10));
    }
    expect(taken).toEqual(expect.arrayContaining(waiting));
    // The first queue was not drained before.
    expect(jobs.length).toBeGreaterThan(0);
  });

  it('gets as many jobs as it asks for, from whatever queue has them', async () => {
    const [one, two] = [newQueue(), newQueue()];
    const [first, ...others] = [...(await submitMany(api, one, 1)), ...(await submitMany(api, two, 100))];
    const { jobs } = await take(api, { queues: [one, two], max: 40 });
    expect(idsOf({ jobs })).toEqual([first, ...others.slice(0, 39)]);
    const again = await take(api, { queues: [one, two], max: 40 });
    expect(idsOf(again)).toEqual(others.slice(39, 79));
  });

  it('gets the same jobs for a repeated request, also those of a share', async () => {
    const { queues } = await fullAndBehind(500);
    await submitMany(api, queues[1] ?? '', 200);
    let { lease, jobs } = await take(api, { queues, max: 2 });
    for (let i = 0; i < 50; i += 1) {
      const body = completing(idsOf({ jobs }));
      const first = await settle(api, lease, body, 2);
      const second = await settle(api, lease, body, 2);
      expect(idsOf(second)).toEqual(idsOf(first));
      expect(first.jobs).toHaveLength(2);
      ({ lease, jobs } = first);
    }
  });
});
