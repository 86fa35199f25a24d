import fastifyPlugin from 'fastify-plugin';
import type { Config } from '../../config.ts';
import { JobChanger } from '../../jobs/change.ts';
import { JobInspector } from '../../jobs/job-inspector.ts';
import { JobOperator } from '../../jobs/job-operator.ts';
import { Rerunner } from '../../jobs/rerun.ts';
import { Submitter } from '../../jobs/submit/submitter.ts';
import { Waiter } from '../../jobs/waiter.ts';

/** Submits jobs, reads them, waits for them and acts on them. */
export const jobsPlugin = fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const waiter = new Waiter(app.core, app.eventNotifier, config.maxWaiters);
    const submitter = new Submitter(app.core);
    app.decorate('submitter', submitter);
    app.decorate('rerunner', new Rerunner(app.core, submitter));
    app.decorate('jobInspector', new JobInspector(app.core));
    app.decorate('jobOperator', new JobOperator(app.core));
    app.decorate('jobChanger', new JobChanger(app.core));
    app.decorate('waiter', waiter);
    // Before the server waits for open requests: waiting clients must be answered.
    app.addHook('preClose', async () => waiter.stop());
  },
  { name: 'jobs', dependencies: ['core'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    submitter: Submitter;
    rerunner: Rerunner;
    jobInspector: JobInspector;
    jobOperator: JobOperator;
    jobChanger: JobChanger;
    waiter: Waiter;
  }
}
