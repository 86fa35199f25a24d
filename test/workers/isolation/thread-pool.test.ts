import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const api = useApi(redis);
const shared = useWorker(redis);

const waitFor = (id: string, fits: (job: Job) => boolean, what: string) =>
  until(async () => {
    const job = await api.get(id);
    return fits(job) ? job : undefined;
  }, what);

describe('a thread', () => {
  it('that reports progress that is no JSON fails alone', async () => {
    const neighbour = await api.submit({ task: 'hold', payload: { finish: true } });
    await waitFor(neighbour.id, ({ progress }) => progress !== undefined, 'progress');
    const { id } = await api.submit({ task: 'thread-progress', attempts: 1 });
    expect(await api.finished(id)).toMatchObject({ status: 'failed', error: { name: 'unusable-progress' } });
    await api.http.post(`/jobs/${neighbour.id}/cancel`).expect(202);
    expect(await api.finished(neighbour.id)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(shared.worker.lines.filter(({ msg }) => msg === 'child-lost')).toEqual([]);
  });
});
