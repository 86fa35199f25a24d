import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { AppError, isOfRedis } from '../../errors.ts';
import type { Observer } from '../../observer.ts';
import { isUnavailable } from '../../redis/faults.ts';
import { clip } from '../../schemas/json/well-formed.ts';
import type { Problem } from '../../schemas/problem.ts';
import { inRealIds } from '../access/hidden-jobs.ts';
import { PROBLEMS, problemType } from '../problems/problems.ts';
import { routeOf } from '../request/route.ts';
import { leavesBodyUnread } from '../request/unread-body.ts';
import { REQUEST_ID_HEADER } from '../telemetry/request-ids.ts';

/** Seconds to wait before the next try, when Redis is unavailable or a limit is reached. */
const RETRY_AFTER_S = 1;

/** The problem document of an error of this request. */
export function toProblem(error: AppError, request: FastifyRequest): Problem {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: problemType(error.code),
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
