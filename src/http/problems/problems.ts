import { AppError, type ErrorCode } from '../../errors.ts';
import type { ProblemHelp } from '../../schemas/problem.ts';
import { PROBLEM_HELP } from './help.ts';

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
  'job-gone': { status: 410, title: 'The job is not kept' },
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

/** The address of the page of a code, relative to the service. It is the `type` of its problems. */
export const problemType = (code: ErrorCode): string => `/problems/${code}`;

/** What the page of a code says. @throws {AppError} route-not-found. */
export function problemHelp(code: string): ProblemHelp {
  if (Object.hasOwn(PROBLEMS, code)) {
    const known = code as ErrorCode;
    return { code, ...PROBLEMS[known], help: PROBLEM_HELP[known] };
  }
  throw new AppError('route-not-found', 'No problem has this code. docs/reference/api.md lists all codes.');
}
