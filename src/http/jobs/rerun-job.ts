import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { demand } from '../../access/refusals.ts';
import { parseJobId } from '../../redis/job-id.ts';
import type { RerunJob } from '../../schemas/jobs/rerun.ts';
import { idempotencyKey } from '../request/idempotency-key.ts';
import { waitPreference } from '../request/prefer.ts';
import { submitWith } from './submit-job.ts';

type RerunRequest = FastifyRequest<{
  Params: { id: string };
  Body: RerunJob;
  Querystring: { wait?: number };
  Headers: { prefer?: string; 'idempotency-key'?: string };
}>;

/** Stores a job like an ended one, and replies with it as to a submit. */
export function rerunJob(
  app: FastifyInstance,
  request: RerunRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { params, body, query, headers } = request;
  // The route asks for the queue of the ended job. Its twin may go to another one.
  if (body.queue !== undefined) demand(request.caller, 'submit', body.queue);
  const key = idempotencyKey(request);
  const preference = waitPreference(query, headers);
  const queue = body.queue ?? parseJobId(params.id)?.queue;
  const store = (isAwaited: boolean) => app.rerunner.rerun(params.id, body, key, isAwaited);
  return submitWith(app, { queue, preference, store }, request, reply);
}
