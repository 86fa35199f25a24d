import supertest from 'supertest';
import type { LeasedJob } from '../../../src/schemas/lease.ts';

/** Work over HTTP, a step at a time, so that a page can be seen between two of them. */
export interface Lease {
  readonly jobs: readonly LeasedJob[];
  report(verb: 'progress' | 'log' | 'complete' | 'fail', body: object, job?: LeasedJob): Promise<void>;
}

/** Takes jobs of a queue. */
export async function takeJobs(origin: string, queue: string, max = 1): Promise<Lease> {
  const body = { queues: [queue], max, leaseMs: 600_000, waitMs: 10_000, worker: 'press-1' };
  const answer = await supertest(origin).post('/leases').send(body);
  if (answer.status !== 200) throw new Error(`a take answered ${answer.status}: ${answer.text}`);
  const { lease, jobs } = answer.body as { lease: string; jobs: LeasedJob[] };
  return {
    jobs,
    async report(verb, report, job = jobs[0]) {
      const path = `/jobs/${job?.id}/${verb}?lease=${encodeURIComponent(lease)}`;
      const { status, text } = await supertest(origin).post(path).send(report);
      if (status >= 300) throw new Error(`${verb} answered ${status}: ${text}`);
    },
  };
}
