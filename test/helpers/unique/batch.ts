import type { Problem } from '../../../src/schemas/problem.ts';
import { type Answer, JSON_TYPE, send } from '../api/send.ts';
import type { TestApi } from '../api/server.ts';
import type { useManualWorkers } from '../workers/manual-worker.ts';
import { submitter } from './submit.ts';

interface Item {
  index: number;
  status: number;
  id: string;
  problem?: Problem & { jobId?: string };
}

export const itemsOf = ({ body }: Answer): Item[] => body.items;

/** What became of each job: its status, and the word that says why it is a 200. */
export const shown = (answer: Answer) =>
  itemsOf(answer).map(({ index: _, id: __, problem, status, ...why }) => [
    status,
    problem?.code ?? Object.keys(why)[0],
  ]);

/** Sends batches of jobs of the task `echo`. */
export function useBatches(api: TestApi, workerOf: ReturnType<typeof useManualWorkers>) {
  const submit = submitter(api, { task: 'echo' });
  const batch = (jobs: object[], query = '', headers = {}): Promise<Answer> =>
    send(api.origin, {
      path: `/jobs/batch${query}`,
      headers: { ...JSON_TYPE, ...headers },
      body: JSON.stringify({ jobs: jobs.map((job) => ({ task: 'echo', ...job })) }),
    });
  return {
    submit,
    batch,
    atomic: (jobs: object[], headers = {}) => batch(jobs, '?atomic=true', headers),
    keyed: (jobs: object[], key: string) => batch(jobs, '', { 'idempotency-key': key }),
    /** Jobs that a queue has ever stored. */
    stored: async (queue: string) =>
      (await api.http.get(`/queues/${queue}/stats`)).body.totals.submitted as number,
    /** A queue with a job that waits under `waits`, one that runs under `runs`, and one that has completed. */
    queueWithJobs: async (queue: string) => {
      const worker = await workerOf(queue);
      const { body: cached } = await submit({ queue, payload: 'cached', cache: '1h' });
      await worker.complete(await worker.take(), 'cached');
      const { body: running } = await submit({ queue, unique: { key: 'runs' } });
      const delivery = await worker.take();
      const { body: waiting } = await submit({ queue, payload: 'old', unique: { key: 'waits' } });
      return { worker, delivery, ids: { cached: cached.id, running: running.id, waiting: waiting.id } };
    },
  };
}

/** Jobs for a queue of `queueWithJobs`, one for each way in which a submit can end, and what is said of them. */
export const mixed = (queue: string) => [
  { queue, payload: 'plain', delay: '1h', tags: ['t'], expiresIn: '2h' },
  { queue, payload: 'new', unique: { key: 'waits', onConflict: 'replace' } },
  { queue, payload: 'cached', cache: '1h' },
  { queue, unique: { key: 'runs' } },
  { queue, payload: 'follows', unique: { key: 'runs', onConflict: 'replace' } },
  { queue, payload: 'free', unique: true },
];
export const OUTCOMES = [
  [202, undefined],
  [200, 'replaced'],
  [200, 'cached'],
  [200, 'deduplicated'],
  [202, undefined],
  [202, undefined],
];
