import { describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api.ts';
import { useRedis } from '../helpers/redis.ts';
import { useWorker } from '../helpers/worker.ts';

const WAITERS = 1_000;
/** Far below the look that every waiter takes by itself every five seconds: only an event is this quick. */
const PROMPT_MS = 2_500;

const redis = useRedis();
const api = useApi(redis);
useWorker(redis);

describe(`${WAITERS} clients that wait at once`, () => {
  it('are all answered when their jobs end, over one Redis connection for reads', async () => {
    // They begin to end when all clients wait.
    const jobs = Array.from({ length: WAITERS }, () => ({
      task: 'echo',
      delay: 3_000 + Math.round(Math.random() * 3_000),
    }));
    const batch = await api.http.post('/jobs/batch').send({ jobs }).expect(207);
    const ids: string[] = batch.body.items.map(({ id }: { id: string }) => id);
    const late: number[] = [];
    const answers = Promise.all(
      ids.map(async (id) => {
        const response = await fetch(`${api.origin}/jobs/${id}?wait=30`);
        const job = (await response.json()) as { status: string; finishedAt: string };
        expect(job.status).toBe('completed');
        late.push(Date.now() - Date.parse(job.finishedAt));
      }),
    );
    const clients = String(await redis.client.client('LIST'));
    expect(late).toEqual([]);
    expect(clients.split('\n').filter((line) => line.includes('name=millrace-api'))).toHaveLength(2);
    await answers;
    expect(late).toHaveLength(WAITERS);
    expect(Math.max(...late)).toBeLessThan(PROMPT_MS);
  });
});
