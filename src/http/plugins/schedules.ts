import fastifyPlugin from 'fastify-plugin';
import { Loop } from '../../maintenance/loop.ts';
import { Firer } from '../../schedules/firer.ts';
import { Scheduler } from '../../schedules/scheduler.ts';

/** Schedules. A listening API process fires them, as every worker does. */
export const schedulesPlugin = fastifyPlugin(
  async (app) => {
    const firer = new Firer(app.core);
    const loop = new Loop('schedules', firer.run, app.core.observe);
    app.decorate('scheduler', new Scheduler(app.core, app.submitter));
    app.addHook('onListen', async () => loop.start());
    app.addHook('preClose', () => loop.stop());
  },
  { name: 'schedules', dependencies: ['core', 'jobs'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    scheduler: Scheduler;
  }
}
