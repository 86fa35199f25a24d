import type { Problem } from './types/api.generated.ts';

/** Any failure that the client reports. `code` tells them apart; the codes of the service are in docs/reference/api.md. */
export class MillraceError extends Error {
  override readonly name: string = 'MillraceError';
  /** The code of the problem, such as `queue-full`. */
  readonly code: string;
  /** The HTTP status of the answer. 0: there was no answer. */
  readonly status: number;
  /** The problem document of the answer (RFC 9457), with the members that its code adds. */
  readonly problem: Problem | undefined;
  /** Seconds after which another try makes sense, as the service said. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    about: {
      code: string;
      status?: number;
      problem?: Problem | undefined;
      retryAfter?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = about.code;
    this.status = about.status ?? 0;
    this.problem = about.problem;
    this.retryAfter = about.retryAfter;
  }

  /** The address of the kind of problem. */
  get type(): string | undefined {
    return this.problem?.type;
  }

  /** What is wrong, and what to do about it. */
  get detail(): string {
    return this.problem?.detail ?? this.message;
  }

  /** Names the request in the log of the service. */
  get requestId(): string | undefined {
    return this.problem?.requestId;
  }
}

/** The service gave no answer: it is not there, or the connection broke. `code` is `unreachable`. */
export class Unreachable extends MillraceError {
  override readonly name = 'Unreachable';

  constructor(message: string, cause?: unknown) {
    super(message, { code: 'unreachable', cause });
  }
}

/** A wait took longer than its `timeout`. What it waited for goes on. `code` is `timed-out`. */
export class TimedOut extends MillraceError {
  override readonly name = 'TimedOut';

  constructor(message: string) {
    super(message, { code: 'timed-out' });
  }
}

/** What the caller gave is of no use, and nothing was sent. `code` is `invalid-argument`. */
export const invalid = (message: string, cause?: unknown): MillraceError =>
  new MillraceError(message, { code: 'invalid-argument', cause });
