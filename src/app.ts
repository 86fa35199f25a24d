import { randomBytes } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance } from 'fastify';
import { routes } from '../routes/index.ts';
import type { Config } from './config.ts';
import { answerClientError } from './http/client-errors.ts';
import { bulkSubmitPlugin } from './http/plugins/bulk-submit.ts';
import { corePlugin } from './http/plugins/core.ts';
import { docsPlugin } from './http/plugins/docs.ts';
import { answerFrameworkError, errorsPlugin } from './http/plugins/errors.ts';
import { eventsPlugin } from './http/plugins/events.ts';
import { inputPlugin } from './http/plugins/input.ts';
import { jobsPlugin } from './http/plugins/jobs.ts';
import { leasesPlugin } from './http/plugins/leases.ts';
import { queuesPlugin } from './http/plugins/queues.ts';
import { requestEventsPlugin } from './http/plugins/request-events.ts';
import { schedulesPlugin } from './http/plugins/schedules.ts';
import { subscriptionsPlugin } from './http/plugins/subscriptions.ts';
import { tasksPlugin } from './http/plugins/tasks.ts';
import { NO_OBSERVER, type Observer } from './observer.ts';
import { VERSION } from './version.ts';

/** Ids that no other process gives, either: who made them, and a number. */
function requestIds(): () => string {
  const process = randomBytes(9).toString('base64url');
  let count = 0;
  return () => {
    count += 1;
    return `${process}-${count.toString(36)}`;
  };
}

/** A request, body included, has to arrive within this time, so that none can hang for ever. */
const REQUEST_TIMEOUT_MS = 300_000;

/** The API with all its plugins and routes. It does not listen yet. */
export async function buildApp(config: Config, observe: Observer = NO_OBSERVER): Promise<FastifyInstance> {
  const app = Fastify({
    // Fastify would make a child logger for each request and listen for the end of each answer, whether anything is
    // logged or not: a tenth of what a submit costs.
    logger: false,
    bodyLimit: config.maxPayloadBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: requestIds(),
    frameworkErrors: answerFrameworkError,
    // Requests that come while the service stops are served: Redis is there until the last answer.
    return503OnClosing: false,
    // A connection that idles must not hold up a stop; open requests are answered first.
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    // Longer than a request line can be: an id of whatever length is looked up, and is a 404.
    routerOptions: { maxParamLength: 65_536 },
  }).withTypeProvider<TypeBoxTypeProvider>();

  await app.register(requestEventsPlugin, { observe });
  await app.register(errorsPlugin, { observe });
  await app.register(inputPlugin);
  await app.register(docsPlugin, { version: VERSION });
  await app.register(corePlugin, { config, observe });
  await app.register(jobsPlugin, { config });
  await app.register(bulkSubmitPlugin, { maxLineBytes: config.maxPayloadBytes });
  await app.register(queuesPlugin);
  await app.register(tasksPlugin);
  await app.register(leasesPlugin, { config });
  await app.register(schedulesPlugin);
  await app.register(eventsPlugin, { config });
  await app.register(subscriptionsPlugin, { config });
  for (const room of routes) await app.register(room);
  app.refuseOtherMethods();
  return app as unknown as FastifyInstance;
}
