import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { AppError } from '../../errors.ts';
import type { Trace } from '../../schemas/values/trace.ts';
import { ERROR_TYPE, JOB_COUNT, JOB_ID, QUEUE, SUBMIT_ATTRIBUTES, TASK } from './attributes.ts';
import { contextOf, spanContextOf, traceOfSpan } from './span-context.ts';

/** What a request that submits jobs has stored. */
export interface StoredJobs {
  /** Undefined where the jobs of a bulk submit are in several. */
  readonly queue?: string | undefined;
  readonly task?: string | undefined;
  /** The id of the job, where it is one alone. */
  readonly job?: string | undefined;
  /** How many jobs, of a bulk submit. */
  readonly jobs?: number | undefined;
}

/** The part of a trace that a request submits its jobs in. Call `stored` or `failed` once. */
export interface SubmitTrace {
  /** To be stored with the jobs. */
  readonly trace: Trace;
  stored(describe: () => StoredJobs): void;
  failed(error: unknown): void;
  /** The jobs have to do with another trace: that of the ended job, or of an earlier request with the same key. */
  linkTo(other: Trace | undefined): void;
}

/** The trace of a request, stored as it came: there is no SDK that takes spans. */
export const passedOn = (trace: Trace): SubmitTrace => ({
  trace,
  stored: () => undefined,
  failed: () => undefined,
  linkTo: () => undefined,
});

/** Begins the span of a request that submits jobs. @param parent the trace of the client. */
export function beginSubmit(tracer: Tracer, parent: Trace | undefined): SubmitTrace {
  const context = contextOf(parent && spanContextOf(parent));
  const options = { kind: SpanKind.PRODUCER, attributes: SUBMIT_ATTRIBUTES };
  return new SubmitSpan(tracer.startSpan('submit', options, context));
}

class SubmitSpan implements SubmitTrace {
  readonly trace: Trace;
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
    this.trace = traceOfSpan(span.spanContext());
  }

  stored(describe: () => StoredJobs): void {
    const { queue, task, job, jobs } = describe();
    if (queue !== undefined) this.#span.updateName(`submit ${queue}`).setAttribute(QUEUE, queue);
    if (task !== undefined) this.#span.setAttribute(TASK, task);
    if (job !== undefined) this.#span.setAttribute(JOB_ID, job);
    if (jobs !== undefined) this.#span.setAttribute(JOB_COUNT, jobs);
    this.#span.end();
  }

  /** The message of an error may hold a value of the request: only its code is told. */
  failed(error: unknown): void {
    const code = error instanceof AppError ? error.code : 'internal-error';
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: code }).setAttribute(ERROR_TYPE, code);
    this.#span.end();
  }

  linkTo(other: Trace | undefined): void {
    if (other !== undefined) this.#span.addLink({ context: spanContextOf(other) });
  }
}
