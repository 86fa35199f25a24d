import { describe, expect, it, vi } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { useWorker } from '../../helpers/workers/worker-process.ts';

const WAITERS = 1_000;
/** Half of the wait: who is faster was woken by an event, since no waiter looks again by itself here. */
const PROMPT_MS = 25_000;

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);

describe(`${WAITERS} clients that wait at once`, () => {
  it('are all answered when their jobs end, over one Redis connection for reads', async () => {
    // None ends before all clients wait.
    await api.http.post('/queues/default/pause').expect(200);
    const jobs = Array.from({ length: WAITERS }, () => ({ task: 'echo' }));
    const batch = await api.http.post('/jobs/batch').send({ jobs }).expect(207);
    const ids: string[] = batch.body.items.map(({ id }: { id: string }) => id);
    const wait = vi.spyOn(api.app.waiter, 'wait');
    // The pause before a waiter reads without a hint is drawn at random.
    vi.spyOn(Math, 'random').mockReturnValue(1_000);
    const late: number[] = [];
    const answers = Promise.all(
      ids.map(async (id) => {
        // A busy machine may keep Redis from its answer for longer than the API waits for it: a client asks again.
        const response = await until(async () => {
          const answer = await fetch(`${api.origin}/jobs/${id}?wait=50`);
          return answer.status !== 503 && answer;
        }, `an answer about ${id}`);
        const job = (await response.json()) as { status: string; finishedAt: string };
        expect(job.status).toBe('completed');
        late.push(Date.now() - Date.parse(job.finishedAt));
      }),
    );
    await until(() => wait.mock.calls.length >= WAITERS, 'waiters');
    const clients = String(await redis.client.client('LIST'));
    expect(late).toEqual([]);
    expect(clients.split('\n').filter((line) => line.includes('name=millrace-api'))).toHaveLength(3);
    await api.http.post('/queues/default/resume').expect(200);
    await answers;
    expect(late).toHaveLength(WAITERS);
    expect(Math.max(...late)).toBeLessThan(PROMPT_MS);
  });
});
