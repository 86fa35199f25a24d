import { type Static, Type } from 'typebox';

/** A `traceparent` of version 00: trace id and span id are not all zeros. */
export const TRACEPARENT_PATTERN = '^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$';

/** The longest `tracestate`, characters: as much as every service has to pass on (W3C Trace Context, 3.3.1.5). */
export const MAX_TRACESTATE = 512;

/** What a `tracestate` may hold, so that it can be sent on as a header. */
export const TRACESTATE_PATTERN = `^[\\x20-\\x7e]{1,${MAX_TRACESTATE}}$`;

const TRACEPARENT = 'The trace and the span in it (W3C Trace Context).';
const TRACESTATE = 'What the tracing systems on the way have added.';
const EXAMPLE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export const Trace = Type.Object(
  {
    traceparent: Type.String({ description: TRACEPARENT, examples: [EXAMPLE] }),
    tracestate: Type.Optional(Type.String({ description: TRACESTATE, examples: ['vendor=t61rcWkgMzE'] })),
  },
  { description: 'The trace that the job belongs to. Absent when its submit named none.' },
);
export type Trace = Static<typeof Trace>;

const IGNORED = 'The service ignores a value that does not follow W3C Trace Context.';

/** Of a request that submits jobs. Not checked by the schema: a bad value must not refuse the request. */
export const TraceHeaders = {
  traceparent: Type.Optional(
    Type.String({
      description: `Stored with the job, and given to its worker. ${TRACEPARENT} ${IGNORED}`,
      examples: [EXAMPLE],
    }),
  ),
  tracestate: Type.Optional(
    Type.String({
      description: `Stored with \`traceparent\`, at most ${MAX_TRACESTATE} characters. ${TRACESTATE} ${IGNORED}`,
    }),
  ),
};
