import type { FastifyReply } from 'fastify';
import { revisionOf } from '../../jobs/revision.ts';
import type { AcceptedJob } from '../../jobs/submit/outcomes.ts';
import { withoutPayload } from '../../jobs/view.ts';
import type { Job } from '../../schemas/job.ts';
import { isFinal } from '../../schemas/values/names.ts';

/** Seconds that a client should wait before it polls again. */
const POLL_AGAIN_S = 1;

export const hasEnded = (job: Job): boolean => isFinal(job.status);

/** Sends a job, or all but its payload, with its ETag and, unless the job has ended, Retry-After. */
export function sendJob(reply: FastifyReply, status: number, job: Job, payload = true): FastifyReply {
  reply.header('etag', `"${revisionOf(job)}"`);
  if (!hasEnded(job)) reply.header('retry-after', POLL_AGAIN_S);
  return reply.code(status).send(payload ? job : withoutPayload(job));
}

/** The address of a job: a path, or below the public address if there is one. */
export const jobLocation = ({ server }: FastifyReply, id: string): string => `${server.publicUrl}/jobs/${id}`;

/** Sends a job that was just stored. Its JSON text is ready: it needs no serializer. */
export function sendAccepted(reply: FastifyReply, { id, text, revision }: AcceptedJob): void {
  reply
    .code(202)
    .header('location', jobLocation(reply, id))
    .header('etag', `"${revision}"`)
    .header('retry-after', POLL_AGAIN_S)
    .type('application/json; charset=utf-8')
    .send(text);
}
