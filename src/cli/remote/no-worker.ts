import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../schemas/job.ts';
import type { QueueStats } from '../../schemas/queue.ts';
import type { WorkerList } from '../../schemas/workers/worker.ts';
import type { Sink } from '../io.ts';
import { type Api, pathOf } from './api.ts';

/** Workers that drain do not count, and a queue rarely has more of them. */
const LOOK = 10;
/** A job that ends sooner needs no hint. */
const HINT_AFTER_MS = 1_000;

/**
 * Says that no worker has the task of a job that waits for one, or serves its queue. Undefined where one does, and where nobody can
 * tell.
 */
export async function noWorkerHint(
  api: Api,
  { status, queue, task, heldBy }: Pick<Job, 'status' | 'queue' | 'task' | 'heldBy'>,
): Promise<string | undefined> {
  if (status !== 'queued') return undefined;
  try {
    if (!(await isServed(api, queue))) return `No worker serves the queue ${queue}.`;
    return heldBy === 'task'
      ? `No worker of the queue ${queue} has the task ${task} for this payload.`
      : undefined;
  } catch {
    // The hint is an extra: what was asked for goes on without it.
    return undefined;
  }
}

/** A lease tells of each worker with jobs, the list of workers of those that wait over HTTP. */
async function isServed(api: Api, queue: string): Promise<boolean> {
  const { workers } = (await api.send<QueueStats>({ method: 'GET', path: pathOf`/queues/${queue}/stats` }))
    .body;
  if (workers.length > 0) return true;
  const call = { method: 'GET', path: '/workers', query: { queue, limit: LOOK } } as const;
  const { items, nextCursor, missing } = (await api.send<WorkerList>(call)).body;
  return items.some(({ draining }) => !draining) || nextCursor !== undefined || missing !== undefined;
}

/** Says it after a while, unless `end` comes first. Never rejects. */
export async function hintAtNoWorker(api: Api, job: Job, err: Sink, end: AbortSignal): Promise<void> {
  try {
    await sleep(HINT_AFTER_MS, undefined, { signal: end });
  } catch {
    return;
  }
  const hint = await noWorkerHint(api, await nowOf(api, job));
  if (hint !== undefined && !end.aborted)
    await err.write(`${hint} The job waits for one; --wait-for TIME limits the wait.\n`);
}

/** The job as it is now: workers have looked at it since it was submitted. */
const nowOf = async (api: Api, job: Job): Promise<Job> => {
  try {
    return (await api.send<Job>({ method: 'GET', path: pathOf`/jobs/${job.id}` })).body;
  } catch {
    return job;
  }
};
