import fastifyPlugin from 'fastify-plugin';
import { redisTarget } from '../../config/redis.ts';
import type { Config } from '../../config.ts';
import { DeadlineEnforcer } from '../../leases/deadline-enforcer.ts';
import { HttpQueues } from '../../leases/http-queues.ts';
import { HttpWorkers } from '../../leases/http-workers.ts';
import { Leases } from '../../leases/leases.ts';
import { LongPolls } from '../../leases/take/long-polls.ts';
import { WorkWatch } from '../../leases/take/work-watch.ts';
import { Loop } from '../../maintenance/loop.ts';
import { Recoverer } from '../../maintenance/recoverer.ts';
import { Sweeper } from '../../maintenance/sweeper.ts';
import { FIRST_CONNECT_MS } from '../../redis/connect.ts';
import { MOST_OPEN_READS, openReader } from '../../redis/reads/open-reader.ts';
import { scripts } from '../../scripts.ts';
import { Workers } from '../../workers/workers.ts';

/** Work over HTTP. Also maintains the queues of HTTP workers, which may have no other workers. */
export const leasesPlugin = fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const { redis, observe } = app.core;
    const onError = (error: Error) => observe({ kind: 'redis-trouble', where: 'connection', error });
    const to = { ...redisTarget(config), scripts, onError };
    const reader = openReader({ ...to, name: 'millrace-api-polls' }, redis, MOST_OPEN_READS / 2);
    const watch = new WorkWatch(reader, redis);
    const polls = new LongPolls(app.core, watch, config.maxWaiters);

    const served = new HttpQueues(app.core);
    const recoverer = new Recoverer(app.core, served.busy);
    const sweeper = new Sweeper(app.core, served.list);
    const enforcer = new DeadlineEnforcer(app.core, async () => {
      await served.refresh();
      return served.busy();
    });
    const recover = async (): Promise<number> => {
      await served.refresh();
      return recoverer.run();
    };
    const workers = new HttpWorkers(app.core, (names) => polls.endOf(names));
    const loops = [
      new Loop('drains', workers.run, observe),
      new Loop('recover', recover, observe),
      new Loop('enforce', enforcer.run, observe),
      new Loop('sweep', sweeper.run, observe),
    ];

    app.decorate('leases', new Leases(app.core, polls, workers));
    app.decorate('workerList', new Workers(app.core));
    app.decorate('maxResultBytes', config.maxPayloadBytes);
    app.addHook('onListen', async () => {
      for (const loop of loops) loop.start();
    });
    await reader.whenReady(FIRST_CONNECT_MS);

    // Before the server waits for open requests: waiting workers must be answered.
    app.addHook('preClose', async () => {
      polls.stop();
    });
    app.addHook('onClose', async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
      await watch.close();
      reader.disconnect();
    });
  },
  { name: 'leases', dependencies: ['core'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    leases: Leases;
    workerList: Workers;
    /** The most bytes of a result that is stored. */
    maxResultBytes: number;
  }
}
