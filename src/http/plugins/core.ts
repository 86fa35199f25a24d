import fastifyPlugin from 'fastify-plugin';
import type { Config } from '../../config.ts';
import { type Core, createCore } from '../../core/core.ts';
import { checkHealth, type Health } from '../../core/health.ts';
import { EventNotifier } from '../../events/notifier.ts';
import type { Observer } from '../../observer.ts';
import { BlockingReader } from '../../redis/blocking-reader.ts';
import { connectForBlocking, connectForRequests, FIRST_CONNECT_MS, whenReady } from '../../redis/connect.ts';
import { scripts } from '../../scripts.ts';

/** What all nouns share: the core, the event notifier and health. Its connections close with the app. */
export const corePlugin = fastifyPlugin<{ config: Config; observe: Observer }>(
  async (app, { config, observe }) => {
    const onError = (error: Error) => observe({ kind: 'redis-trouble', where: 'connection', error });
    const url = config.redisUrl;
    const redis = connectForRequests({ url, name: 'millrace-api', scripts, onError });
    const blocking = connectForBlocking({ url, name: 'millrace-api-events', scripts, onError });
    const core = createCore(redis, config, { observe });
    const notifier = new EventNotifier(new BlockingReader(blocking, redis), redis, core.clock);
    let draining = false;

    app.decorate('core', core);
    app.decorate('eventNotifier', notifier);
    app.decorate('isDraining', () => draining);
    app.decorate('health', async (): Promise<Health> => {
      const health = await checkHealth(core);
      if (!draining) return health;
      return { ...health, ready: false, reasons: ['The service is stopping.', ...health.reasons] };
    });
    await Promise.all([whenReady(redis, FIRST_CONNECT_MS), whenReady(blocking, FIRST_CONNECT_MS)]);

    app.addHook('preClose', async () => {
      draining = true;
    });
    app.addHook('onClose', async () => {
      await notifier.close();
      blocking.disconnect();
      redis.disconnect();
    });
  },
  { name: 'core', dependencies: ['errors'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    /** For plugins, not for routes. */
    core: Core;
    eventNotifier: EventNotifier;
    health(): Promise<Health>;
    /** Whether the service is stopping, so that workers should take their jobs elsewhere. */
    isDraining(): boolean;
  }
}
