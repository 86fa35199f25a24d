import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  trace as spans,
} from '@opentelemetry/api';
import type { Trace } from '../../schemas/values/trace.ts';

/** The span that a trace context names. @param trace is valid. */
export function spanContextOf({ traceparent, tracestate }: Trace): SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  };
}

/** A context in which spans become children of that one; without it they begin a trace. */
export const contextOf = (parent: SpanContext | undefined): Context =>
  parent === undefined ? ROOT_CONTEXT : spans.setSpanContext(ROOT_CONTEXT, parent);

/** The trace context of a span, to be stored or sent. */
export function traceOfSpan({ traceId, spanId, traceFlags, traceState }: SpanContext): Trace {
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}
