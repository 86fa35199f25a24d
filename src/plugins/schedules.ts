import fastifyPlugin from 'fastify-plugin';
import { Firer } from '../schedules/firing.ts';
import { ScheduleStore } from '../schedules/store.ts';
import { logObserver } from '../telemetry/worker-log.ts';
import { Loop } from '../upkeep/loop.ts';

/** An API that listens fires schedules, as every worker does. */
export const schedulesPlugin = fastifyPlugin(
  async (app) => {
    const { redis, keySpace, resultTtlMs } = app.core;
    const observe = logObserver(app.logger);
    const firer = new Firer(new ScheduleStore(redis, keySpace), resultTtlMs, observe);
    const loop = new Loop('schedules', firer.run, observe);
    app.addHook('onListen', async () => loop.start());
    app.addHook('preClose', () => loop.stop());
  },
  { name: 'schedules', dependencies: ['core'] },
);
