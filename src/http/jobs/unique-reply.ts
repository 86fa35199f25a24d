import type { FastifyReply } from 'fastify';
import type { UniqueAnswer } from '../../jobs/unique/answers.ts';
import type { Job } from '../../schemas/job.ts';

const HEADERS: Readonly<Record<UniqueAnswer, string>> = {
  deduplicated: 'job-deduplicated',
  replaced: 'job-replaced',
  cached: 'job-cached',
};

/** Marks the response of a submit that shows another job than a new one. */
export const markAnswer = (reply: FastifyReply, answer: UniqueAnswer | undefined): FastifyReply =>
  answer === undefined ? reply : reply.header(HEADERS[answer], 'true');

/** What a client may know of a job that has the place of its own, in a queue that it may not read. */
export const withoutContents = ({
  id,
  queue,
  task,
  status,
  attempt,
  maxAttempts,
  createdAt,
}: Job): Job => ({ id, queue, ...(task !== undefined && { task }), status, attempt, maxAttempts, createdAt });
