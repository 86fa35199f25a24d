import { describe, expect, it } from 'vitest';
import { PendingList } from '../../../src/schemas/queues/pending.ts';
import { encodeCursor } from '../../../src/schemas/values/cursor.ts';
import { expectProblem, expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { useManualWorkers } from '../../helpers/workers/manual-worker.ts';

const redis = useRedis();
const api = useApi(redis);
const workerOf = useManualWorkers(redis);

interface PendingItem {
  id: string;
  queue: string;
  task: string;
}

describe('GET /pending', () => {
  it('lists running jobs of one queue or of all, ordered by queue', async () => {
    for (const queue of ['run-b', 'run-a']) {
      const worker = await workerOf(queue);
      await api.submit({ task: 'echo', queue });
      await api.submit({ task: 'sum', queue });
      await worker.takeNow(2);
    }
    const { body } = await api.http.get('/pending').expect(200);
    expectShape(PendingList, body);
    expect(body.items.map(({ queue, task }: PendingItem) => `${queue} ${task}`)).toEqual([
      'run-a echo',
      'run-a sum',
      'run-b echo',
      'run-b sum',
    ]);
    const [first] = body.items;
    const { name } = await workerOf('run-a');
    expect(first).toMatchObject({ worker: name, attempt: 1, runningMs: expect.any(Number) });
    expect(Date.parse(first.startedAt)).toBeLessThanOrEqual(Date.now());
    expect((await api.http.get('/pending?limit=3')).body.items).toHaveLength(3);
    expect((await api.http.get('/queues/run-b/pending')).body.items).toMatchObject([
      { queue: 'run-b', task: 'echo' },
      { queue: 'run-b', task: 'sum' },
    ]);
    expectProblem(await api.http.get('/pending?limit=0'), 400, 'invalid-request', ['/limit']);
  });

  it('lists at most limit jobs of many queues', async () => {
    const queues = Array.from({ length: 60 }, (_, i) => `0-many-${10 + i}`);
    await Promise.all(
      queues.map(async (queue) => {
        await api.submit({ task: 'echo', queue });
        await api.submit({ task: 'echo', queue });
        await (await workerOf(queue)).takeNow(2);
      }),
    );
    const { body } = await api.http.get('/pending?limit=109').expect(200);
    expect(body.items.map(({ queue }: PendingItem) => queue)).toEqual(
      queues.flatMap((queue) => [queue, queue]).slice(0, 109),
    );
  });
});

/** All pages of a listing, one after the other. */
async function allItems(path: string): Promise<PendingItem[]> {
  const items: PendingItem[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await api.http.get(`${path}${cursor}`).expect(200);
    expectShape(PendingList, body);
    items.push(...body.items);
    if (body.nextCursor === undefined) return items;
    cursor = `&cursor=${body.nextCursor}`;
  }
}

describe('pages of running jobs', () => {
  it('show every job once, in one queue or in all', async () => {
    for (const queue of ['page-b', 'page-a']) {
      const worker = await workerOf(queue);
      for (const priority of ['low', 'normal', 'normal', 'critical'])
        await api.submit({ task: 'echo', queue, priority });
      expect(await worker.takeNow(4)).toHaveLength(4);
    }
    const whole: PendingItem[] = (await api.http.get('/pending?limit=1000')).body.items;
    for (const limit of [1, 3, 4, 7]) {
      const ofQueue = await allItems(`/queues/page-a/pending?limit=${limit}`);
      expect(ofQueue.map(({ id }) => id)).toEqual(
        whole.filter(({ queue }) => queue === 'page-a').map(({ id }) => id),
      );
      const ofAll = await allItems(`/pending?limit=${limit}`);
      expect(ofAll.map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
    }
  });

  it('show the start that the job itself shows, by the clock of Redis', async () => {
    const worker = await workerOf('start');
    await api.submit({ task: 'echo', queue: 'start' });
    await worker.take();
    const { body } = await api.http.get('/queues/start/pending').expect(200);
    const [{ id, startedAt }] = body.items;
    expect(startedAt).toBe((await api.get(id)).startedAt);
  });

  it('refuse a cursor that no page gave', async () => {
    await api.submit({ task: 'echo', queue: 'cursors' });
    for (const text of ['', 'x', '9:1-1', 'cursors 9:1-1', '{} 0:1-1']) {
      const cursor = encodeCursor(text);
      for (const path of ['/pending', '/queues/cursors/pending']) {
        expectProblem(await api.http.get(`${path}?cursor=${cursor}x`), 400, 'invalid-request', ['/cursor']);
      }
    }
  });
});

describe('GET /queues/{name}/pending', () => {
  it('shows which worker runs which job, since when, at which attempt', async () => {
    const worker = await workerOf('pending');
    const { id } = await api.submit({ task: 'echo', queue: 'pending', priority: 'low' });
    await worker.retry(await worker.take(), 0);
    await worker.take();
    const second = await api.submit({ task: 'other', queue: 'pending' });
    await worker.take();
    const { body } = await api.http.get('/queues/pending/pending').expect(200);
    expectShape(PendingList, body);
    expect(body.items).toMatchObject([
      { id: second.id, task: 'other', worker: worker.name, attempt: 1 },
      { id, task: 'echo', worker: worker.name, attempt: 2 },
    ]);
    for (const { startedAt, runningMs } of body.items) {
      expect(Math.abs(Date.now() - Date.parse(startedAt) - runningMs)).toBeLessThan(2_000);
    }
    const limited = await api.http.get('/queues/pending/pending?limit=1').expect(200);
    expect(limited.body.items).toEqual([expect.objectContaining({ id: second.id })]);
  });
});
