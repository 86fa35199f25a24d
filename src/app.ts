import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Tracer } from '@opentelemetry/api';
import Fastify, { type FastifyInstance } from 'fastify';
import { routes } from '../routes/index.ts';
import { systemClock } from './clock.ts';
import { readTlsPair } from './config/tls.ts';
import type { Config } from './config.ts';
import { doorPlugin } from './http/access/door.ts';
import { keysPlugin } from './http/access/keys.ts';
import { answerClientError, answerExpectation } from './http/client-errors.ts';
import { networkPlugin } from './http/network/network.ts';
import { serverFactory } from './http/network/server.ts';
import { bulkSubmitPlugin } from './http/plugins/bulk-submit.ts';
import { connectionsPlugin } from './http/plugins/connections.ts';
import { corePlugin } from './http/plugins/core.ts';
import { docsPlugin } from './http/plugins/docs.ts';
import { answerFrameworkError, errorsPlugin } from './http/plugins/errors.ts';
import { eventsPlugin } from './http/plugins/events.ts';
import { inputPlugin } from './http/plugins/input.ts';
import { jobsPlugin } from './http/plugins/jobs.ts';
import { leasesPlugin } from './http/plugins/leases.ts';
import { queuesPlugin } from './http/plugins/queues.ts';
import { repliesPlugin } from './http/plugins/replies.ts';
import { requestEventsPlugin } from './http/plugins/request-events.ts';
import { schedulesPlugin } from './http/plugins/schedules.ts';
import { subscriptionsPlugin } from './http/plugins/subscriptions.ts';
import { tasksPlugin } from './http/plugins/tasks.ts';
import { belowPrefix } from './http/request/below-prefix.ts';
import { arrivalsPlugin } from './http/telemetry/arrivals.ts';
import { metricsPlugin, newApiMetrics } from './http/telemetry/metrics.ts';
import { requestIds } from './http/telemetry/request-ids.ts';
import { tracesPlugin } from './http/telemetry/traces.ts';
import { createObserver, NO_OBSERVER, type Observer } from './observer.ts';
import { VERSION } from './version.ts';

/** The API with all its plugins and routes. It does not listen yet. @param tracer makes spans, if they go somewhere. */
export async function buildApp(
  config: Config,
  given: Observer = NO_OBSERVER,
  tracer?: Tracer,
): Promise<FastifyInstance> {
  const metrics = config.metrics === 'on' ? newApiMetrics() : undefined;
  const observe =
    metrics === undefined ? given : createObserver({ wants: given.wants, observe: given }, metrics.jobs);
  const tls = readTlsPair(config);
  const app = Fastify({
    // Fastify's logger makes a child logger and an end listener per request, even if nothing is logged. That costs a
    // tenth of a submit.
    logger: false,
    bodyLimit: config.maxPayloadBytes,
    serverFactory: serverFactory(tls, config.maxConnections),
    trustProxy: config.trustProxy.length > 0 && [...config.trustProxy],
    genReqId: requestIds(),
    frameworkErrors: answerFrameworkError,
    // Requests during a stop are served: Redis stays connected until the last response.
    return503OnClosing: false,
    // Idle connections must not hold up a stop. Open requests are answered first.
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    // Longer than any request line, so that an id of any length is a 404.
    routerOptions: { maxParamLength: 65_536, ignoreTrailingSlash: true },
    ...belowPrefix(config.publicUrl),
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.server.on('checkExpectation', answerExpectation);
  app.decorate('publicUrl', config.publicUrl);
  const times = metrics && { metrics: metrics.requests, now: systemClock.monotonic };
  await app.register(arrivalsPlugin, { times });
  await app.register(connectionsPlugin, config);
  await app.register(requestEventsPlugin, { observe, clock: systemClock });
  await app.register(repliesPlugin);
  await app.register(errorsPlugin, { observe });
  await app.register(networkPlugin, { config, tls, observe });
  await app.register(doorPlugin, { auth: config.auth });
  await app.register(inputPlugin);
  await app.register(tracesPlugin, { tracer });
  await app.register(docsPlugin, { version: VERSION, publicUrl: config.publicUrl });
  await app.register(corePlugin, { config, observe });
  await app.register(keysPlugin, { config });
  await app.register(jobsPlugin, { config });
  await app.register(bulkSubmitPlugin, { maxLineBytes: config.maxPayloadBytes });
  await app.register(tasksPlugin);
  await app.register(leasesPlugin, { config });
  await app.register(metricsPlugin, { metrics, config });
  await app.register(schedulesPlugin);
  await app.register(queuesPlugin);
  await app.register(eventsPlugin, { config });
  await app.register(subscriptionsPlugin, { config });
  for (const route of routes) await app.register(route);
  app.rejectOtherMethods();
  // After the hooks of the plugins, which answer waiting clients.
  app.addHook('preClose', () => app.untilIdle());
  return app as unknown as FastifyInstance;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Where clients reach the service, without a slash at the end; '' if the operator has not said it. */
    publicUrl: string;
  }
}
