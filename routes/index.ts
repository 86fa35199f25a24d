import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { batchRoutes } from './batch.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { jobRoutes } from './jobs.ts';
import { queueRoutes } from './queues.ts';
import { subscriptionRoutes } from './subscriptions.ts';

/** Every room of routes, in the order of the documentation. */
export const routes: readonly FastifyPluginAsyncTypebox[] = [
  jobRoutes,
  batchRoutes,
  queueRoutes,
  eventRoutes,
  subscriptionRoutes,
  healthRoutes,
];
