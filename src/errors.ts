import type { Fault } from './schemas/problem.ts';

/** Every fault that the service tells a client about. The HTTP edge maps each to a status. */
export type ErrorCode =
  | 'broken-json'
  | 'invalid-request'
  | 'invalid-batch'
  | 'unsupported-media-type'
  | 'payload-too-large'
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'route-not-found'
  | 'job-not-found'
  | 'job-gone'
  | 'queue-not-found'
  | 'subscription-not-found'
  | 'too-many-subscriptions'
  | 'job-finished'
  | 'job-not-finished'
  | 'unknown-task'
  | 'invalid-payload'
  | 'schedule-not-found'
  | 'schedule-busy'
  | 'idempotency-mismatch'
  | 'queue-full'
  | 'too-many-waiters'
  | 'job-not-failed'
  | 'stale-lease'
  | 'lease-not-found'
  | 'invalid-result'
  | 'task-not-found'
  | 'redis-unavailable'
  | 'internal-error';

export interface AppErrorDetails {
  /** Where the input is wrong. */
  errors?: Fault[];
  /** Further members of the problem document, such as `knownTasks`. */
  extensions?: Record<string, unknown>;
  cause?: unknown;
}

/** An expected fault with a sentence that says what to do. Anything else thrown is a defect. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly errors: Fault[] | undefined;
  readonly extensions: Record<string, unknown>;

  constructor(code: ErrorCode, detail: string, details: AppErrorDetails = {}) {
    super(detail, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.errors = details.errors;
    this.extensions = details.extensions ?? {};
  }
}

/** The request is in a form that the schema allows, and wrong all the same. */
export const invalidRequest = (errors: Fault[]): AppError =>
  new AppError('invalid-request', 'Mend the fields listed in errors and send the request again.', { errors });

/** The cursor is not one that a page of this listing gave. */
export const invalidCursor = (): AppError =>
  new AppError('invalid-request', 'Use nextCursor of the previous page, unchanged.', {
    errors: [{ pointer: '/cursor', detail: 'is not a cursor of this listing' }],
  });

/** What was thrown, as an error. */
export const toError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));
