import { describe, expect, it } from 'vitest';
import { expectProblem } from '../../../helpers/api/expect-schema.ts';
import { useApi } from '../../../helpers/api/server.ts';
import { useRedis } from '../../../helpers/redis/server.ts';
import { useManualWorkers } from '../../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

describe('DELETE /queues/{name}/jobs?tag=', () => {
  it('cancels the waiting jobs that have the tags, in steps', async () => {
    const submit = async (tags: string[], more: object = {}) =>
      (await api.submit({ task: 'echo', queue: 'cancels', tags, ...more })).id;
    const worker = await workerOf('cancels');
    const running = await submit(['x']);
    await worker.take();
    const queued = [await submit(['x']), await submit(['x', 'y']), await submit(['x'], { task: 'other' })];
    const others = [await submit(['y']), await submit(['x'], { delay: '1h' })];
    await api.http.patch(`/jobs/${queued[0]}`).send({ payload: 5 }).expect(200);
    const cancel = async (query: string) =>
      (await api.http.delete(`/queues/cancels/jobs?${query}`).expect(200)).body;
    expect(await cancel('status=queued&tag=x&tag=y')).toEqual({ count: 1 });
    expect(await cancel('status=queued&tag=x&task=other')).toEqual({ count: 1 });
    const { count, nextCursor } = await cancel('status=queued&tag=x&limit=1');
    expect(count).toBe(0);
    expect((await cancel(`status=queued&tag=x&cursor=${nextCursor}`)).count).toBe(1);
    for (const id of queued) expect((await api.get(id)).status).toBe('cancelled');
    const left = await Promise.all([running, ...others].map(async (id) => (await api.get(id)).status));
    expect(left).toEqual(['running', 'queued', 'scheduled']);
    const wrong = await api.http.delete('/queues/cancels/jobs?status=queued&tag=x&cursor=1.x');
    expectProblem(wrong, 400, 'invalid-request', ['/cursor']);
  });

  it('selects failed jobs by their tags, too', async () => {
    const worker = await workerOf('dead');
    const ids: string[] = [];
    for (const tags of [['x'], ['y'], ['x', 'y']]) {
      ids.push((await api.submit({ task: 'echo', queue: 'dead', tags })).id);
      await worker.bury(await worker.take());
    }
    const retried = await api.http
      .post('/queues/dead/dead/retry')
      .send({ tag: ['x', 'y'] })
      .expect(200);
    expect(retried.body).toEqual({ count: 1 });
    expect((await api.get(ids[2] ?? '')).status).toBe('queued');
    const removed = await api.http.delete('/queues/dead/jobs?status=failed&tag=x').expect(200);
    expect(removed.body).toEqual({ count: 1 });
    expect((await api.get(ids[1] ?? '')).status).toBe('failed');
  });
});
