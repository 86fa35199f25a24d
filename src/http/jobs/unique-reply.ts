import type { FastifyReply } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import type { UniqueAnswer } from '../../jobs/unique/answers.ts';
import type { Job } from '../../schemas/job.ts';

const HEADERS: Readonly<Record<UniqueAnswer, string>> = {
  deduplicated: 'job-deduplicated',
  replaced: 'job-replaced',
  cached: 'job-cached',
};

/** Marks the response of a submit that shows an existing job in place of a new one. */
export const markAnswer = (reply: FastifyReply, answer: UniqueAnswer | undefined): FastifyReply =>
  answer === undefined ? reply : reply.header(HEADERS[answer], 'true');

/** The job as the client may see it. A client that may not read the queue sees no payload and no result of an existing job. */
export function visibleJob(caller: Caller, job: Job, answer: UniqueAnswer | undefined): Job {
  if (answer === undefined || caller.may('read', job.queue)) return job;
  const { id, queue, task, status, attempt, maxAttempts, createdAt } = job;
  return { id, queue, ...(task !== undefined && { task }), status, attempt, maxAttempts, createdAt };
}
