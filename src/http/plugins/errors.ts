import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { AppError, type ErrorCode, isOfRedis } from '../../errors.ts';
import type { Observer } from '../../observer.ts';
import { isUnavailable } from '../../redis/faults.ts';
import { clip } from '../../schemas/json/well-formed.ts';
import type { Problem } from '../../schemas/problem.ts';
import { inRealIds } from '../access/hidden-jobs.ts';
import { routeOf } from '../request/route.ts';
import { leavesBodyUnread } from '../request/unread-body.ts';
import { REQUEST_ID_HEADER } from '../telemetry/request-ids.ts';

/** The status and title of every code: the one place that maps an error to HTTP. */
export const PROBLEMS: Readonly<Record<ErrorCode, { status: number; title: string }>> = {
  'broken-json': { status: 400, title: 'The body is not JSON' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'invalid-batch': { status: 400, title: 'Jobs of the batch are not valid' },
  unauthorized: { status: 401, title: 'The request needs a valid key' },
  forbidden: { status: 403, title: 'The key lacks a scope' },
  'route-not-found': { status: 404, title: 'No such path' },
  'job-not-found': { status: 404, title: 'No such job' },
  'queue-not-found': { status: 404, title: 'No such queue' },
  'lease-not-found': { status: 404, title: 'No such lease' },
  'task-not-found': { status: 404, title: 'No such task' },
  'worker-not-found': { status: 404, title: 'No such worker' },
  'key-not-found': { status: 404, title: 'No such key' },
  'schedule-not-found': { status: 404, title: 'No such schedule' },
  'subscription-not-found': { status: 404, title: 'No such subscription' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'not-acceptable': { status: 406, title: 'Not acceptable' },
  'batch-not-atomic': { status: 409, title: 'The batch cannot be stored in one step' },
  'queue-not-empty': { status: 409, title: 'The queue has jobs or schedules' },
  'not-unique': { status: 409, title: 'Another job has the place' },
  'job-finished': { status: 409, title: 'The job has ended' },
  'job-started': { status: 409, title: 'The job has started' },
  'job-not-finished': { status: 409, title: 'The job has not ended' },
  'job-not-failed': { status: 409, title: 'The job has not failed' },
  'payload-not-kept': { status: 409, title: 'The payload of the job was not kept' },
  'stale-lease': { status: 409, title: 'The lease is no longer valid' },
  'schedule-busy': { status: 409, title: 'The schedule is being changed by another request' },
  'schedule-taken': { status: 409, title: 'The id of the schedule is taken' },
  'too-many-keys': { status: 409, title: 'There are too many keys' },
  'too-many-subscriptions': { status: 409, title: 'The queue has too many subscriptions' },
  'too-many-tasks': { status: 409, title: 'Too many tasks are announced' },
  'job-gone': { status: 410, title: 'The job has ended and its result has expired' },
  'cross-site': { status: 403, title: 'A web page of another site sent the request' },
  'precondition-failed': { status: 412, title: 'The job has changed' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'misdirected-request': { status: 421, title: 'The request names another host' },
  'unknown-task': { status: 422, title: 'No worker has the task' },
  'invalid-payload': { status: 422, title: 'The payload does not match the input schema of the task' },
  'invalid-result': { status: 422, title: 'The result does not match the output schema of the task' },
  'idempotency-mismatch': { status: 422, title: 'The Idempotency-Key belongs to another request' },
  'queue-full': { status: 429, title: 'The queue is full' },
  'key-full': { status: 429, title: 'The key has as many jobs as it may have' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'too-many-waits': { status: 429, title: 'The client has too many waiting requests and streams' },
  'internal-error': { status: 500, title: 'Internal error' },
  'redis-unavailable': { status: 503, title: 'Redis is unavailable' },
  'not-replicated': { status: 503, title: 'Too few replicas have it' },
  'keys-unavailable': { status: 503, title: 'The keys that verify tokens are unavailable' },
  'checks-busy': { status: 503, title: 'Too many payloads are being checked' },
  'too-many-waiters': { status: 503, title: 'Too many clients are waiting' },
  'too-many-connections': { status: 503, title: 'The address has too many connections' },
};

/** Seconds to wait before the next try, when Redis is unavailable or a limit is reached. */
const RETRY_AFTER_S = 1;

/** The problem document of an error of this request. */
export function toProblem(error: AppError, request: FastifyRequest): Problem {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `urn:millrace:problem:${error.code}`,
    title,
    status,
    detail: inRealIds(request, error.message),
    instance: pathOf(request.url),
    code: error.code,
    requestId: request.id,
    ...error.extensions,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  };
}

/** The problem of one item of a response that has many. */
export function problemItem(error: AppError, request: FastifyRequest): { status: number; problem: Problem } {
  const problem = toProblem(error, request);
  return { status: problem.status, problem };
}

/** The AppError for anything thrown. What is neither expected nor from Redis becomes `internal-error`. */
export function toAppError(error: unknown, request: FastifyRequest): AppError {
  if (error instanceof AppError) return error;
  // First: a client that hangs up while its body is read looks like a lost connection to Redis.
  const fault = fromFastify(error, request);
  if (fault !== undefined) return fault;
  if (isUnavailable(error)) {
    return new AppError(
      'redis-unavailable',
      'Redis does not respond or rejects writes. Try again after Retry-After seconds.',
      {
        cause: error,
      },
    );
  }
  return new AppError('internal-error', 'The service has a defect. Its log shows this requestId.', {
    cause: error,
  });
}

function fromFastify(error: unknown, request: FastifyRequest): AppError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { statusCode, code } = error as Partial<FastifyError>;
  // The message of Fastify shows the query, which may hold a secret.
  if (code === 'FST_ERR_BAD_URL') {
    return new AppError('invalid-request', 'The path cannot be decoded. Encode its special characters.');
  }
  if (statusCode === 415) return unsupportedType(request);
  if (statusCode === 413) {
    return new AppError(
      'payload-too-large',
      `The body has more than ${request.routeOptions.bodyLimit} bytes, which is the limit (MAX_PAYLOAD_BYTES).`,
    );
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new AppError('invalid-request', error.message);
  }
  return undefined;
}

export function unsupportedType(request: FastifyRequest): AppError {
  const lines = routeOf(request) === '/jobs/batch' ? ' or application/x-ndjson' : '';
  return new AppError(
    'unsupported-media-type',
    `Send the body as application/json${lines} in UTF-8, uncompressed, with the matching Content-Type.`,
  );
}

export const noSuchPath = ({ url }: FastifyRequest) =>
  // Without the query, which may hold a secret.
  new AppError('route-not-found', `There is nothing at ${clip(pathOf(url), 200)}. See /docs for all paths.`);

const pathOf = (url: string): string => url.split('?', 1)[0] ?? url;

function answer(error: AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request);
  if (problem.status === 503 || problem.status === 429) {
    reply.header('retry-after', error.retryAfterS ?? RETRY_AFTER_S);
  }
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (leavesBodyUnread(request.raw)) reply.header('connection', 'close');
  // Hooks have set it, unless the error came before them.
  reply.header('x-content-type-options', 'nosniff');
  return reply.code(problem.status).type('application/problem+json').send(problem);
}

/** Answers errors that happen before routing and its hooks, such as a path that cannot be decoded. */
export function answerFrameworkError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { connections } = reply.server;
  reply.header(REQUEST_ID_HEADER, request.id);
  connections.of(request.raw.socket).enter(reply.raw, () => {
    reply.server.watchRequest(request, reply);
    answer(toAppError(error, request), request, reply);
  });
}

/** Answers every error with problem details (RFC 9457). */
export const errorsPlugin = fastifyPlugin<{ observe: Observer }>(
  async (app, { observe }) => {
    app.decorate('reportFault', (raw, request) => {
      const { code } = toAppError(raw, request);
      if (code !== 'internal-error' && !isOfRedis(code)) return;
      const kind = code === 'internal-error' ? 'defect' : 'redis-trouble';
      observe({ kind, where: `${request.method} ${routeOf(request)}`, error: raw, reqId: request.id });
    });

    app.setErrorHandler((raw, request, reply) => {
      const error = toAppError(raw, request);
      app.reportFault(raw, request);
      const { status } = PROBLEMS[error.code];
      if (status === 401 || status === 403 || error.code === 'rate-limited')
        app.auditRefusal(request, status);
      return answer(error, request, reply);
    });
  },
  { name: 'errors' },
);

declare module 'fastify' {
  interface FastifyInstance {
    /** Tells of an error that is a defect of ours or a trouble of Redis; of faults of clients it tells nothing. */
    reportFault(error: unknown, request: FastifyRequest): void;
  }
}
