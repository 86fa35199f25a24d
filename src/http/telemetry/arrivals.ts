import fastifyPlugin from 'fastify-plugin';
import { keepRoute, ROUTE_MEMBER } from '../request/route.ts';
import { REQUEST_ID_HEADER } from './request-ids.ts';
import { type RequestTimesOptions, timeRequests } from './request-times.ts';

/**
 * What each request gets before all else: its route at hand, its id in the answer, and its time for metrics. One hook, since each
 * costs a submit a hundredth. Registered first, so that answers of other hooks have the id, too.
 */
export const arrivalsPlugin = fastifyPlugin<{ times: RequestTimesOptions | undefined }>(
  async (app, { times }) => {
    app.decorateRequest(ROUTE_MEMBER, null);
    const startTime = times && timeRequests(app, times);
    app.addHook('onRequest', (request, reply, done) => {
      keepRoute(request);
      reply.header(REQUEST_ID_HEADER, request.id);
      startTime?.(request, reply);
      done();
    });
  },
  { name: 'arrivals' },
);
