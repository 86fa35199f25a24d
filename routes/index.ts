import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { bulkSubmitRoutes } from './bulk-submit.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { jobChangeRoutes } from './job-changes.ts';
import { jobRoutes } from './jobs.ts';
import { keyRoutes } from './keys.ts';
import { leaseRoutes } from './leases.ts';
import { homeRoutes } from './pages/home.ts';
import { llmsRoutes } from './pages/llms.ts';
import { problemRoutes } from './pages/problems.ts';
import { uiRoutes } from './pages/ui.ts';
import { queueKeyRoutes } from './queues/keys.ts';
import { queueRoutes } from './queues.ts';
import { reportRoutes } from './reports.ts';
import { scheduleRoutes } from './schedules.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { taskRoutes } from './tasks.ts';
import { workerRoutes } from './workers.ts';

/** All routes, in the order of the documentation. */
export const routes: readonly FastifyPluginAsyncTypebox[] = [
  jobRoutes,
  jobChangeRoutes,
  bulkSubmitRoutes,
  leaseRoutes,
  reportRoutes,
  taskRoutes,
  workerRoutes,
  queueRoutes,
  queueKeyRoutes,
  scheduleRoutes,
  eventRoutes,
  subscriptionRoutes,
  keyRoutes,
  healthRoutes,
  homeRoutes,
  llmsRoutes,
  problemRoutes,
  uiRoutes,
];
