import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { demand } from '../../access/refusals.ts';
import type { SubmitResult } from '../../jobs/submit/outcomes.ts';
import { DEFAULT_QUEUE, type Job, type SubmitJob } from '../../schemas/job.ts';
import { idempotencyKey, markReplayed } from '../request/idempotency-key.ts';
import { applyPreference, type WaitPreference, waitPreference } from '../request/prefer.ts';
import { requesterOf } from '../request/requester.ts';
import { hasEnded, jobLocation, sendAccepted, sendJob } from './job-reply.ts';

type SubmitRequest = FastifyRequest<{
  Body: SubmitJob;
  Querystring: { wait?: number };
  Headers: { prefer?: string; 'idempotency-key'?: string };
}>;

/** A submit that takes more than to store a plain job. */
interface Submit {
  /** Of the new job; undefined when it is not known yet, which makes a wait cost more. */
  readonly queue: string | undefined;
  readonly preference: WaitPreference;
  readonly store: (isAwaited: boolean) => Promise<SubmitResult<Job>>;
}

/**
 * Stores a job and replies with it: 202, or 200 if the client waits and the job ends in time.
 *
 * A plain submit returns no promise: Fastify would make three more of it.
 */
export function submitJob(
  app: FastifyInstance,
  request: SubmitRequest,
  reply: FastifyReply,
): Promise<FastifyReply> | undefined {
  demand(request.caller, 'submit', request.body.queue ?? DEFAULT_QUEUE);
  const key = idempotencyKey(request);
  const preference = waitPreference(request.query, request.headers);
  if (key !== undefined || preference.ms > 0) {
    const job = request.body;
    const store = (isAwaited: boolean) => app.submitter.submit(job, key, { isAwaited });
    return submitWith(app, { queue: job.queue ?? DEFAULT_QUEUE, preference, store }, request, reply);
  }
  app.submitter.submitAsText(request.body).then(
    (accepted) => sendAccepted(reply, accepted),
    (error: unknown) => reply.send(error),
  );
  return undefined;
}

/** Stores a job and replies with it as `submitJob` does. */
export async function submitWith(
  app: FastifyInstance,
  { queue, preference, store }: Submit,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const isAwaited = preference.ms > 0;
  // Read before the submit, so that the end of the job cannot be missed. Without it the wait only costs more.
  const position =
    isAwaited && queue !== undefined
      ? await app.waiter.feedPosition(queue).catch(() => undefined)
      : undefined;
  const { value: submitted, replayed } = await store(isAwaited);
  markReplayed(reply, replayed).header('location', jobLocation(reply, submitted.id));
  // The job is stored: the client must get its id even if it may not wait.
  if (!isAwaited || !app.tryEnterWait(request, reply)) return sendJob(reply, 202, submitted);
  const stored = position && !replayed ? { job: submitted, position } : undefined;
  const waited = app.waiter.wait(submitted.id, hasEnded, preference.ms, requesterOf(reply), stored);
  // Also where the wait fails.
  const latest = await waited.catch((error): Job | undefined => {
    app.reportFault(error, request);
    return undefined;
  });
  if (latest === undefined) return sendJob(reply, 202, submitted);
  return sendJob(applyPreference(reply, preference.applied), hasEnded(latest) ? 200 : 202, latest);
}
