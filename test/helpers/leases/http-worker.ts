import { randomBytes } from 'node:crypto';
import { type LeasedJob, MAX_POLL_MS } from '../../../src/schemas/lease.ts';
import type { SettledJob } from '../../../src/schemas/settle.ts';
import { type Answer, JSON_TYPE, send } from '../api/send.ts';
import type { TestApi } from '../api/server.ts';

/** A queue that no other test uses. */
export const newQueue = (): string => `q${randomBytes(5).toString('hex')}`;

export interface TakenJobs {
  lease: string;
  expiresAt: string;
  jobs: LeasedJob[];
}

/** Sends JSON, and returns the answer whatever its status. */
export const post = (api: { origin: string }, path: string, body: object = {}): Promise<Answer> =>
  send(api.origin, { path, headers: JSON_TYPE, body: JSON.stringify(body) });

/** Takes jobs over HTTP; the answer must be a 200. */
export async function take(api: { origin: string }, body: object): Promise<TakenJobs> {
  const answer = await post(api, '/leases', body);
  if (answer.status !== 200) throw new Error(`POST /leases answered ${answer.status}: ${answer.text}`);
  return answer.body as TakenJobs;
}

/** Takes one job; waits for it up to ten seconds. */
export async function takeOne(
  api: { origin: string },
  body: object,
): Promise<{ lease: string; job: LeasedJob }> {
  const { lease, jobs } = await take(api, { waitMs: MAX_POLL_MS, ...body });
  const [job] = jobs;
  if (job === undefined) throw new Error('there was no job to take');
  return { lease, job };
}

/** Submits `count` jobs with their numbers as payloads; returns their ids. */
export async function submitMany(
  api: TestApi,
  queue: string,
  count: number,
  more: object = {},
): Promise<string[]> {
  const jobs = Array.from({ length: count }, (_, i) => ({ queue, task: 'work', payload: i, ...more }));
  const answer = await post(api, '/jobs/batch', { jobs });
  return (answer.body as { items: { id: string }[] }).items.map(({ id }) => id);
}

/** The answer to a call that settled one job. */
export const done = (id: string, status: SettledJob['status']) =>
  ({ status: 200, body: { id, status } }) as const;

export const idsOf = ({ jobs }: { jobs: readonly LeasedJob[] }): string[] => jobs.map(({ id }) => id);

/** The body that completes the jobs, each with its index as its result. */
export const completing = (ids: readonly (string | undefined)[]) => ({
  complete: ids.map((id, result) => ({ id, result })),
});

/** The answer to a settle; with the next jobs if `next` is more than 0. */
export interface SettledJobs extends TakenJobs {
  items: { id: string; status: number; jobStatus?: string; problem?: { code: string; jobStatus?: string } }[];
}

/** Settles jobs and takes up to `next` others. */
export async function settle(
  api: { origin: string },
  lease: string,
  body: object,
  next: number,
): Promise<SettledJobs> {
  const answer = await post(api, `/leases/${lease}/settle?next=${next}`, body);
  if (answer.status !== 207) throw new Error(`a settle answered ${answer.status}: ${answer.text}`);
  return answer.body as SettledJobs;
}

/** Name of the lease's consumer. */
export const consumerOf = (lease: string): string => lease.split('~')[0] ?? '';
