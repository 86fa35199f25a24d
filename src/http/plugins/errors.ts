import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { AppError, type ErrorCode } from '../../errors.ts';
import type { Observer } from '../../observer.ts';
import { isUnavailable } from '../../redis/faults.ts';
import type { Problem } from '../../schemas/problem.ts';
import { routeOf } from '../request/route.ts';

/** Status and title of every code: the one place where a fault becomes HTTP. */
export const PROBLEMS: Readonly<Record<ErrorCode, { status: number; title: string }>> = {
  'broken-json': { status: 400, title: 'The body is not JSON' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'invalid-batch': { status: 400, title: 'Jobs of the batch are not valid' },
  'route-not-found': { status: 404, title: 'No such address' },
  'job-not-found': { status: 404, title: 'No such job' },
  'queue-not-found': { status: 404, title: 'No such queue' },
  'lease-not-found': { status: 404, title: 'No such lease' },
  'task-not-found': { status: 404, title: 'No such task' },
  'schedule-not-found': { status: 404, title: 'No such schedule' },
  'subscription-not-found': { status: 404, title: 'No such subscription' },
  'method-not-allowed': { status: 405, title: 'Wrong method for this address' },
  'not-acceptable': { status: 406, title: 'The answer is not had in that form' },
  'job-finished': { status: 409, title: 'The job has ended' },
  'job-not-finished': { status: 409, title: 'The job has not ended' },
  'job-not-failed': { status: 409, title: 'The job has not failed' },
  'stale-lease': { status: 409, title: 'The lease was lost' },
  'schedule-busy': { status: 409, title: 'Others write the schedule' },
  'too-many-subscriptions': { status: 409, title: 'The queue has too many subscriptions' },
  'job-gone': { status: 410, title: 'The job is not kept any more' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of another type' },
  'unknown-task': { status: 422, title: 'No worker knows the task' },
  'invalid-payload': { status: 422, title: 'The payload does not fit the task' },
  'invalid-result': { status: 422, title: 'The result does not fit the task' },
  'idempotency-mismatch': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  'queue-full': { status: 429, title: 'The queue is full' },
  'internal-error': { status: 500, title: 'A defect of the service' },
  'redis-unavailable': { status: 503, title: 'Redis cannot serve now' },
  'too-many-waiters': { status: 503, title: 'Too many clients wait' },
};

/** Seconds after which a client may try again, when Redis is away or there is no room. */
const RETRY_AFTER_S = 1;

/** The problem document of an error, as it is for this request. */
export function toProblem(error: AppError, request: FastifyRequest): Problem {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `urn:millrace:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    instance: request.url.split('?', 1)[0] ?? request.url,
    code: error.code,
    requestId: request.id,
    ...error.extensions,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  };
}

/** Turns whatever was thrown into one of our errors. */
export function toAppError(error: unknown, request: FastifyRequest): AppError {
  if (error instanceof AppError) return error;
  if (isUnavailable(error)) {
    return new AppError('redis-unavailable', 'Redis does not answer or refuses writes. Try again shortly.', {
      cause: error,
    });
  }
  return (
    fromFastify(error, request) ??
    new AppError('internal-error', 'This is a defect of the service.', { cause: error })
  );
}

function fromFastify(error: unknown, request: FastifyRequest): AppError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { statusCode } = error as Partial<FastifyError>;
  if (statusCode === 415) return unsupportedType(request);
  if (statusCode === 413) {
    return new AppError(
      'payload-too-large',
      `The body may have at most ${request.routeOptions.bodyLimit} bytes.`,
    );
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AppError('invalid-request', error.message);
  }
  return undefined;
}

export function unsupportedType(request: FastifyRequest): AppError {
  const lines = request.routeOptions.url === '/jobs/batch' ? ' or application/x-ndjson' : '';
  return new AppError(
    'unsupported-media-type',
    `Send the body as application/json${lines} in UTF-8, not compressed, and say so in the header Content-Type.`,
  );
}

function answer(error: AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request);
  if (problem.status === 503 || problem.status === 429) reply.header('retry-after', RETRY_AFTER_S);
  return reply.code(problem.status).type('application/problem+json').send(problem);
}

/** For faults that arise before a route is found, such as an address that cannot be decoded. */
export function answerFrameworkError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  answer(toAppError(error, request), request, reply);
}

/** Every fault, wherever it arises, is answered as RFC 9457 problem details. */
export const errorsPlugin = fastifyPlugin<{ observe: Observer }>(
  async (app, { observe }) => {
    app.decorate('reportFault', (raw, request) => {
      const { code } = toAppError(raw, request);
      if (code !== 'internal-error' && code !== 'redis-unavailable') return;
      const kind = code === 'internal-error' ? 'defect' : 'redis-trouble';
      observe({ kind, where: `${request.method} ${routeOf(request)}`, error: raw, reqId: request.id });
    });

    app.setErrorHandler((raw, request, reply) => {
      const error = toAppError(raw, request);
      app.reportFault(raw, request);
      return answer(error, request, reply);
    });

    app.setNotFoundHandler((request, reply) =>
      answer(
        new AppError('route-not-found', `There is nothing at ${request.url.slice(0, 200)}. See /docs.`),
        request,
        reply,
      ),
    );
  },
  { name: 'errors' },
);

declare module 'fastify' {
  interface FastifyInstance {
    /** Tells of an error that is a defect of ours or a trouble of Redis; of faults of clients it tells nothing. */
    reportFault(error: unknown, request: FastifyRequest): void;
  }
}
