import type { Fault } from './schemas/problem.ts';

/** Every error that a client can get. `src/http/plugins/errors.ts` maps each to a status and title. */
export type ErrorCode =
  | 'broken-json'
  | 'invalid-request'
  | 'invalid-batch'
  | 'batch-not-atomic'
  | 'unauthorized'
  | 'forbidden'
  | 'unsupported-media-type'
  | 'payload-too-large'
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'route-not-found'
  | 'job-not-found'
  | 'job-gone'
  | 'queue-not-found'
  | 'queue-not-empty'
  | 'subscription-not-found'
  | 'too-many-subscriptions'
  | 'job-finished'
  | 'job-started'
  | 'precondition-failed'
  | 'job-not-finished'
  | 'unknown-task'
  | 'invalid-payload'
  | 'schedule-not-found'
  | 'schedule-busy'
  | 'idempotency-mismatch'
  | 'not-unique'
  | 'queue-full'
  | 'key-full'
  | 'too-many-waiters'
  | 'rate-limited'
  | 'checks-busy'
  | 'too-many-waits'
  | 'too-many-connections'
  | 'cross-site'
  | 'misdirected-request'
  | 'job-not-failed'
  | 'payload-not-kept'
  | 'stale-lease'
  | 'lease-not-found'
  | 'invalid-result'
  | 'task-not-found'
  | 'too-many-tasks'
  | 'worker-not-found'
  | 'key-not-found'
  | 'too-many-keys'
  | 'schedule-taken'
  | 'redis-unavailable'
  | 'not-replicated'
  | 'keys-unavailable'
  | 'internal-error';

/** Whether the error says that Redis cannot do what the request asks for. Then the request was not refused. */
export const isOfRedis = (code: ErrorCode): boolean =>
  code === 'redis-unavailable' || code === 'not-replicated';

export interface AppErrorDetails {
  /** The faults of the request, each with its place. */
  errors?: Fault[];
  /** More members of the problem document, such as `knownTasks`. */
  extensions?: Record<string, unknown>;
  /** Seconds after which the request may succeed, where that is known. */
  retryAfterS?: number;
  cause?: unknown;
}

/** An expected error. Its message says what is wrong and what to do. Anything else thrown is a defect. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly errors: Fault[] | undefined;
  readonly extensions: Record<string, unknown>;
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, detail: string, details: AppErrorDetails = {}) {
    super(detail, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.errors = details.errors;
    this.extensions = details.extensions ?? {};
    this.retryAfterS = details.retryAfterS;
  }
}

/**
 * For input that is wrong, each fault with its place.
 *
 * @param parts the parts of the request that have the faults, such as "headers".
 */
export const invalidRequest = (errors: Fault[], parts = 'fields'): AppError =>
  new AppError('invalid-request', `Fix the ${parts} listed in \`errors\` and send the request again.`, {
    errors,
  });

/** For a cursor that no page of the listing gave. */
export const invalidCursor = (): AppError =>
  new AppError('invalid-request', 'Use nextCursor of the previous page, unchanged.', {
    errors: [{ pointer: '/cursor', detail: 'is not a cursor of this listing' }],
  });

/** Anything thrown, as an Error. */
export const toError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));
