import {
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace as spans,
  type TimeInput,
  type Tracer,
} from '@opentelemetry/api';
import type { AttemptOutcome, AttemptSubject, SettledStatus } from '../../observer.ts';
import type { Trace } from '../../schemas/values/trace.ts';
import {
  ATTEMPT,
  ERROR_TYPE,
  JOB_ID,
  JOB_STATUS,
  LEASE,
  OUTCOME,
  QUEUE,
  RUN_ATTRIBUTES,
  TASK,
} from './attributes.ts';
import { contextOf, spanContextOf, traceOfSpan } from './span-context.ts';

/** Why an attempt has failed. */
export interface SpanError {
  readonly message: string;
  readonly name?: string | undefined;
  readonly stack?: string | undefined;
}

/** How an attempt has ended. `status`: of the job now; undefined when nobody knows, since Redis was away. */
export interface AttemptEnd {
  readonly outcome: AttemptOutcome;
  readonly status: SettledStatus | undefined;
  readonly error?: SpanError | undefined;
}

/** Makes a span of each attempt: a child of the submit, which it links to as well. */
export class AttemptSpans {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** @param startTime Unix ms; default: now. */
  begin({ queue, task, job, attempt, lease, trace }: AttemptSubject, startTime?: TimeInput): AttemptSpan {
    const submit = trace && spanContextOf(trace);
    const attributes = {
      ...RUN_ATTRIBUTES,
      [QUEUE]: queue,
      [JOB_ID]: job,
      [LEASE]: lease,
      [TASK]: task,
      [ATTEMPT]: attempt,
    };
    const options = {
      kind: SpanKind.CONSUMER,
      attributes,
      ...(submit !== undefined && { links: [{ context: submit }] }),
      ...(startTime !== undefined && { startTime }),
    };
    return new AttemptSpan(this.#tracer.startSpan(`run ${queue}`, options, contextOf(submit)));
  }
}

/** The span of one attempt. */
export class AttemptSpan {
  /** For the handler, which may pass it on. */
  readonly trace: Trace;
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
    this.trace = traceOfSpan(span.spanContext());
  }

  /** Calls the function so that its own spans become children of this one. */
  run<T>(call: () => T): T {
    // Not within the active context: that may still be the one of the attempt before.
    return context.with(spans.setSpan(ROOT_CONTEXT, this.#span), call);
  }

  /** @param endTime default: now. */
  end({ outcome, status, error }: AttemptEnd, endTime?: TimeInput): void {
    const span = this.#span.setAttribute(OUTCOME, outcome);
    if (status !== undefined) span.setAttribute(JOB_STATUS, status);
    if (error !== undefined) {
      const { message, name = 'Error', stack } = error;
      span.recordException({ message, name, ...(stack !== undefined && { stack }) }, endTime);
      span.setAttribute(ERROR_TYPE, name).setStatus({ code: SpanStatusCode.ERROR, message });
    }
    span.end(endTime);
  }
}
