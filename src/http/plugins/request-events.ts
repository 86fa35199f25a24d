import fastifyPlugin from 'fastify-plugin';
import type { Observer } from '../../observer.ts';
import { routeOf } from '../request/route.ts';

/**
 * Tells of each request that was answered. Where nobody listens there is no hook at all: Fastify would wait for the end
 * of each answer, which costs a submit about a tenth.
 */
export const requestEventsPlugin = fastifyPlugin<{ observe: Observer }>(
  async (app, { observe }) => {
    if (!observe.wants('http-request')) return;
    app.addHook('onResponse', async (request, reply) => {
      observe({
        kind: 'http-request',
        method: request.method,
        route: routeOf(request),
        status: reply.raw.statusCode,
        durationMs: reply.elapsedTime,
        reqId: request.id,
      });
    });
  },
  { name: 'request-events' },
);
