import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { Clock } from '../../clock.ts';
import type { Observer } from '../../observer.ts';
import { parseJobId } from '../../redis/job-id.ts';
import { inRealIds } from '../access/hidden-jobs.ts';
import { routeOf } from '../request/route.ts';

interface RequestEventsOptions {
  readonly observe: Observer;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * Tells of each request that has ended. Where nobody listens there is no hook at all: to wait for the end of each answer
 * costs a submit about a tenth.
 */
export const requestEventsPlugin = fastifyPlugin<RequestEventsOptions>(
  async (app, { observe, clock }) => {
    if (!observe.wants('http-request')) {
      app.decorate('watchRequest', () => undefined);
      return;
    }
    const watchRequest = (request: FastifyRequest, reply: FastifyReply): void => {
      const startedAt = clock.monotonic();
      reply.raw.once('close', () => {
        const job = jobOf(request, reply);
        // A path that cannot be decoded has got no decorators.
        const { caller }: Partial<FastifyRequest> = request;
        observe({
          kind: 'http-request',
          method: request.method,
          route: routeOf(request),
          status: reply.raw.statusCode,
          durationMs: clock.monotonic() - startedAt,
          reqId: request.id,
          ...(caller !== undefined && caller.id !== '' && { caller: caller.id }),
          ...(job !== undefined && { job }),
          ...(!reply.raw.writableFinished && { isAborted: true }),
        });
      });
    };
    app.decorate('watchRequest', watchRequest);
    app.addHook('onRequest', (request, reply, done) => {
      watchRequest(request, reply);
      done();
    });
  },
  { name: 'request-events' },
);

/** The id of the job that a request is about, or that it has stored. */
function jobOf(request: FastifyRequest, reply: FastifyReply): string | undefined {
  const location = reply.getHeader('location');
  const { id = '' } = routeOf(request).startsWith('/jobs/:id') ? (request.params as { id?: string }) : {};
  const named =
    typeof location === 'string' ? location.slice(location.lastIndexOf('/') + 1) : inRealIds(request, id);
  return parseJobId(named) === undefined ? undefined : named;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Tells when the request has ended. Hooks call it; for a request that reaches none, its answer does. */
    watchRequest(request: FastifyRequest, reply: FastifyReply): void;
  }
}
