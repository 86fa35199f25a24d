import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { demand } from '../../access/refusals.ts';
import type { AcceptedJob, SubmitResult } from '../../jobs/submit/outcomes.ts';
import { DEFAULT_QUEUE, type Job, type SubmitJob } from '../../schemas/job.ts';
import type { StoredJobs, SubmitTrace } from '../../telemetry/spans/submit-spans.ts';
import { idempotencyKey, markReplayed } from '../request/idempotency-key.ts';
import { applyPreference, type WaitPreference, waitPreference } from '../request/prefer.ts';
import { requesterOf } from '../request/requester.ts';
import { hasEnded, jobLocation, sendAccepted, sendJob } from './job-reply.ts';
import { markAnswer, visibleJob } from './unique-reply.ts';

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
  readonly submit: SubmitTrace | undefined;
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
  const submit = app.beginSubmit(request);
  const job = request.body;
  if (key !== undefined || preference.ms > 0 || sharesPlace(job)) {
    const store = (isAwaited: boolean) => app.submitter.submit(job, key, { isAwaited, trace: submit?.trace });
    return submitWith(app, { queue: job.queue ?? DEFAULT_QUEUE, preference, submit, store }, request, reply);
  }
  if (submit !== undefined) submitTraced(app, submit, job, reply);
  else {
    app.submitter.submitAsText(job).then(
      (accepted) => sendAccepted(reply, accepted),
      (error: unknown) => reply.send(error),
    );
  }
  return undefined;
}

/** Whether the submit may be answered with another job. */
const sharesPlace = ({ unique, debounce, cache }: SubmitJob): boolean =>
  unique !== undefined || debounce !== undefined || cache !== undefined;

/** As a plain submit. */
function submitTraced(app: FastifyInstance, submit: SubmitTrace, job: SubmitJob, reply: FastifyReply): void {
  const refuse = (error: unknown): void => {
    submit.failed(error);
    reply.send(error);
  };
  const accept = (accepted: AcceptedJob): void => {
    submit.stored(() => ({ queue: job.queue ?? DEFAULT_QUEUE, task: job.task, job: accepted.id }));
    sendAccepted(reply, accepted);
  };
  try {
    app.submitter.submitAsText(job, submit.trace).then(accept, refuse);
  } catch (error) {
    refuse(error);
  }
}

/** Stores a job in the trace of its request. */
async function storeTraced(
  store: Submit['store'],
  isAwaited: boolean,
  submit: SubmitTrace | undefined,
): Promise<SubmitResult<Job>> {
  try {
    const result = await store(isAwaited);
    const { value: job, replayed, answer } = result;
    if (replayed || answer !== undefined) submit?.linkTo(job.trace);
    submit?.stored((): StoredJobs => ({ queue: job.queue, task: job.task, job: job.id }));
    return result;
  } catch (error) {
    submit?.failed(error);
    throw error;
  }
}

/** Stores a job and replies with it as `submitJob` does. */
export async function submitWith(
  app: FastifyInstance,
  { queue, preference, submit, store }: Submit,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const isAwaited = preference.ms > 0;
  // Read before the submit, so that the end of the job cannot be missed. Without it the wait only costs more.
  const position =
    isAwaited && queue !== undefined
      ? await app.waiter.feedPosition(queue).catch(() => undefined)
      : undefined;
  const { value: submitted, replayed, answer } = await storeTraced(store, isAwaited, submit);
  markAnswer(markReplayed(reply, replayed), answer).header('location', jobLocation(reply, submitted.id));
  const status = answer === undefined ? 202 : 200;
  const visible = visibleJob(request.caller, submitted, answer);
  // The job is stored: the client must get its id even if it may not wait.
  if (!isAwaited || visible !== submitted || !app.tryEnterWait(request, reply))
    return sendJob(reply, status, visible);
  const stored = position && !replayed && answer === undefined ? { job: submitted, position } : undefined;
  const waited = app.waiter.wait(submitted.id, hasEnded, preference.ms, requesterOf(reply), stored);
  // Also where the wait fails.
  const latest = await waited.catch((error): Job | undefined => {
    app.reportFault(error, request);
    return undefined;
  });
  if (latest === undefined) return sendJob(reply, status, submitted);
  return sendJob(applyPreference(reply, preference.applied), hasEnded(latest) ? 200 : status, latest);
}
