import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { idempotencyKey, replayed } from '../src/http/request/idempotency-key.ts';
import {
  applied,
  type WaitPreference,
  waitPreference,
  wantsRepresentation,
} from '../src/http/request/prefer.ts';
import { requesterOf } from '../src/http/request/requester.ts';
import { revisionOf } from '../src/jobs/revision.ts';
import type { AcceptedJob } from '../src/jobs/submit/outcomes.ts';
import {
  JobAnswerHeaders,
  JobHeaders,
  JobParams,
  problems,
  RemoveHeaders,
  ReplayedHeader,
  SubmitHeaders,
  WaitQuery,
} from '../src/schemas/http.ts';
import { DEFAULT_QUEUE, type Job, SubmitJob } from '../src/schemas/job.ts';
import { isFinal } from '../src/schemas/values/names.ts';

/** Seconds after which a poller may look again. */
const POLL_AGAIN_S = 1;

const ended = (job: Job): boolean => isFinal(job.status);

function sendJob(reply: FastifyReply, status: number, job: Job): FastifyReply {
  reply.header('etag', `"${revisionOf(job)}"`);
  if (!ended(job)) reply.header('retry-after', POLL_AGAIN_S);
  return reply.code(status).send(job);
}

/** The answer to most submits; its text is as the schema says, and is passed on as it is. */
function sendAccepted(reply: FastifyReply, { id, text, revision }: AcceptedJob): void {
  reply
    .code(202)
    .header('location', `/jobs/${id}`)
    .header('etag', `"${revision}"`)
    .header('retry-after', POLL_AGAIN_S)
    .type('application/json; charset=utf-8')
    .send(text);
}

const job = (description: string) => ({ ...Type.Ref('Job'), description, headers: JobAnswerHeaders });

export const jobRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/jobs',
    {
      schema: {
        operationId: 'submitJob',
        summary: 'Submit a job',
        description:
          'Answers 202 once the job is stored. With `Prefer: wait=N` or `?wait=N` it answers 200 with the finished job if that ends in time. With an `Idempotency-Key` it is stored once, however often it is sent.',
        tags: ['jobs'],
        querystring: WaitQuery,
        headers: SubmitHeaders,
        body: SubmitJob,
        response: {
          200: job('The job ended within the wait.'),
          202: {
            ...job('The job is stored; Location says where to read it.'),
            headers: {
              ...JobAnswerHeaders,
              ...ReplayedHeader,
              location: Type.String({ description: 'Address of the job.' }),
            },
          },
          ...problems(400, 410, 413, 415, 422, 429, 500, 503),
        },
      },
    },
    (request, reply) => {
      const key = idempotencyKey(request.headers);
      const wish = waitPreference(request.query, request.headers);
      if (key !== undefined || wish.ms > 0)
        return submitAndWait({ job: request.body, key, wish }, request, reply);
      // No promise is returned: Fastify would make three more of it.
      app.submitter.submitAsText(request.body).then(
        (accepted) => sendAccepted(reply, accepted),
        (error: unknown) => reply.send(error),
      );
      return undefined;
    },
  );

  async function submitAndWait(
    { job, key, wish }: { job: SubmitJob; key: string | undefined; wish: WaitPreference },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    // Before the job is there, so that its end cannot be missed; without it the wait only costs more.
    const position =
      wish.ms > 0
        ? await app.waiter.feedPosition(job.queue ?? DEFAULT_QUEUE).catch(() => undefined)
        : undefined;
    const { value: submitted, replayed: wasKnown } = await app.submitter.submit(job, key, {
      isAwaited: wish.ms > 0,
    });
    replayed(reply, wasKnown).header('location', `/jobs/${submitted.id}`);
    if (wish.ms === 0) return sendJob(reply, 202, submitted);
    // The job is stored: whatever befalls the wait, the client learns its id.
    const stored = position && !wasKnown ? { job: submitted, position } : undefined;
    const waited = app.waiter.wait(submitted.id, ended, wish.ms, requesterOf(reply), stored);
    const latest = await waited.catch((error) => {
      app.reportFault(error, request);
      return undefined;
    });
    if (latest === undefined) return sendJob(reply, 202, submitted);
    return sendJob(applied(reply, wish.applied), ended(latest) ? 200 : 202, latest);
  }

  app.get(
    '/jobs/:id',
    {
      schema: {
        operationId: 'getJob',
        summary: 'Read a job',
        description:
          'With a wait it answers as soon as the job has ended; with a wait and If-None-Match as soon as the job has changed.',
        tags: ['jobs'],
        params: JobParams,
        querystring: WaitQuery,
        headers: JobHeaders,
        response: {
          200: job('The job as it is now.'),
          304: Type.Null({ description: 'The job is as it was.' }),
          ...problems(400, 404, 410, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const wish = waitPreference(request.query, request.headers);
      const seen = request.headers['if-none-match'];
      const isSeen = (one: Job) => matches(seen, revisionOf(one));
      const isEnough = seen === undefined ? ended : (one: Job) => !isSeen(one);
      const found =
        wish.ms === 0
          ? await app.jobInspector.find(id)
          : await app.waiter.wait(id, isEnough, wish.ms, requesterOf(reply));
      applied(reply, wish.applied);
      if (!isSeen(found)) return sendJob(reply, 200, found);
      return reply
        .header('etag', `"${revisionOf(found)}"`)
        .code(304)
        .send(null);
    },
  );

  app.post(
    '/jobs/:id/cancel',
    {
      schema: {
        operationId: 'cancelJob',
        summary: 'Cancel a job',
        tags: ['jobs'],
        params: JobParams,
        response: {
          200: job('It waited, and is cancelled.'),
          202: job('It runs; its worker was asked to stop it.'),
          ...problems(400, 404, 409, 410, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const outcome = await app.jobOperator.cancel(request.params.id);
      return sendJob(reply, outcome.done ? 200 : 202, outcome.job);
    },
  );

  app.post(
    '/jobs/:id/retry',
    {
      schema: {
        operationId: 'retryJob',
        summary: 'Let a failed job run again',
        description: 'Under the same id, with fresh attempts; its errors are kept.',
        tags: ['jobs'],
        params: JobParams,
        response: { 202: job('It waits to run.'), ...problems(400, 404, 409, 410, 500, 503) },
      },
    },
    async (request, reply) => sendJob(reply, 202, await app.jobOperator.retry(request.params.id)),
  );

  app.delete(
    '/jobs/:id',
    {
      schema: {
        operationId: 'removeJob',
        summary: 'Remove a finished job',
        description: 'With `Prefer: return=representation` the job is read and removed in one step.',
        tags: ['jobs'],
        params: JobParams,
        headers: RemoveHeaders,
        response: {
          200: job('The job that was removed.'),
          204: Type.Null({ description: 'Removed.' }),
          ...problems(400, 404, 409, 410, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const removed = await app.jobOperator.remove(request.params.id);
      if (!wantsRepresentation(request.headers)) return reply.code(204).send(null);
      return applied(reply, 'return=representation').code(200).send(removed);
    },
  );
};

/** Whether an If-None-Match list holds the revision; `*` holds any (RFC 9110, 13.1.2). */
function matches(header: string | undefined, revision: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes('*') || tags.includes(`"${revision}"`);
}
