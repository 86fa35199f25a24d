import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { revisionOf } from '../../jobs/revision.ts';
import type { Job } from '../../schemas/job.ts';
import { applyPreference, waitPreference } from '../request/prefer.ts';
import { requesterOf } from '../request/requester.ts';
import { hasEnded, sendJob } from './job-reply.ts';

type ReadRequest = FastifyRequest<{
  Params: { id: string };
  Querystring: { wait?: number; payload?: boolean };
  Headers: { prefer?: string; 'if-none-match'?: string };
}>;

/** Replies with a job, or 304 if the client has its revision. Waits as the client prefers. */
export async function readJob(
  app: FastifyInstance,
  request: ReadRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { id } = request.params;
  const preference = waitPreference(request.query, request.headers);
  const seen = request.headers['if-none-match'];
  const isSeen = (job: Job) => matchesRevision(seen, revisionOf(job));
  const isEnough = seen === undefined ? hasEnded : (job: Job) => !isSeen(job);
  if (preference.ms > 0) app.enterWait(request, reply);
  const job =
    preference.ms === 0
      ? await app.jobInspector.find(id)
      : await app.waiter.wait(id, isEnough, preference.ms, requesterOf(reply));
  applyPreference(reply, preference.applied);
  if (!isSeen(job)) return sendJob(reply, 200, job, request.query.payload);
  return reply
    .header('etag', `"${revisionOf(job)}"`)
    .code(304)
    .send(null);
}

/** Whether an If-Match list has the revision. A weak tag matches none (RFC 9110, 13.1.1). */
export function isExpectedRevision(header: string | undefined, revision: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim());
  return tags === undefined || tags.includes('*') || tags.includes(`"${revision}"`);
}

/** Whether an If-None-Match list has the revision. `*` matches any (RFC 9110, 13.1.2). */
export function matchesRevision(header: string | undefined, revision: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes('*') || tags.includes(`"${revision}"`);
}
