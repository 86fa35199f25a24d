import type { Tracer } from '@opentelemetry/api';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { beginSubmit, passedOn, type SubmitTrace } from '../../telemetry/spans/submit-spans.ts';
import { traceOf } from '../request/trace-headers.ts';

/** The traces of requests that submit jobs. Without a tracer no span is made, but a trace of the client is kept. */
export const tracesPlugin = fastifyPlugin<{ tracer: Tracer | undefined }>(
  async (app, { tracer }) => {
    const keep = (request: FastifyRequest): SubmitTrace | undefined => {
      const trace = traceOf(request.headers);
      return trace && passedOn(trace);
    };
    const begin = (request: FastifyRequest, made: Tracer): SubmitTrace =>
      beginSubmit(made, traceOf(request.headers));
    app.decorate('beginSubmit', tracer === undefined ? keep : (request) => begin(request, tracer));
  },
  { name: 'traces' },
);

declare module 'fastify' {
  interface FastifyInstance {
    /** The trace to store with the jobs of a request. Call `stored` or `failed` of it. Most requests have none. */
    beginSubmit(request: FastifyRequest): SubmitTrace | undefined;
  }
}
