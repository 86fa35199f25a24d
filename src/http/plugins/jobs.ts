import fastifyPlugin from 'fastify-plugin';
import type { Config } from '../../config.ts';
import { JobInspector } from '../../jobs/job-inspector.ts';
import { JobOperator } from '../../jobs/job-operator.ts';
import { Submitter } from '../../jobs/submit/submitter.ts';
import { Waiter } from '../../jobs/waiter.ts';

/** Submits, reads, waits for and acts on jobs. */
export const jobsPlugin = fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const waiter = new Waiter(app.core, app.eventFeed, config.maxWaiters);
    app.decorate('submitter', new Submitter(app.core));
    app.decorate('jobInspector', new JobInspector(app.core));
    app.decorate('jobOperator', new JobOperator(app.core));
    app.decorate('waiter', waiter);
    // The server then waits for its open requests: those of waiting clients must be answered first.
    app.addHook('preClose', async () => waiter.stop());
  },
  { name: 'jobs', dependencies: ['core'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    submitter: Submitter;
    jobInspector: JobInspector;
    jobOperator: JobOperator;
    waiter: Waiter;
  }
}
