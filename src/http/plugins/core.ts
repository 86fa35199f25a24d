import fastifyPlugin from 'fastify-plugin';
import type { Config } from '../../config.ts';
import { type Core, createCore } from '../../core/core.ts';
import { checkHealth, type Health } from '../../core/health.ts';
import { EventNotifier } from '../../events/notifier.ts';
import type { Observer } from '../../observer.ts';
import { BlockingReader } from '../../redis/blocking-reader.ts';
import { connectForBlocking, connectForRequests, FIRST_CONNECT_MS, whenReady } from '../../redis/connect.ts';
import { scripts } from '../../scripts.ts';

/** What all nouns share: the core, the one reader of events, and health. Its connections end with the app. */
export const corePlugin = fastifyPlugin<{ config: Config; observe: Observer }>(
  async (app, { config, observe }) => {
    const onError = (error: Error) => observe({ kind: 'redis-trouble', where: 'connection', error });
    const url = config.redisUrl;
    const redis = connectForRequests({ url, name: 'millrace-api', scripts, onError });
    const blocking = connectForBlocking({ url, name: 'millrace-api-events', scripts, onError });
    const core = createCore(redis, config, { observe });
    const feed = new EventNotifier(new BlockingReader(blocking, redis), redis);
    let draining = false;

    app.decorate('core', core);
    app.decorate('eventFeed', feed);
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
      await feed.close();
      blocking.disconnect();
      redis.disconnect();
    });
  },
  { name: 'core', dependencies: ['errors'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    /** What the nouns share; for plugins, not for routes. */
    core: Core;
    eventFeed: EventNotifier;
    health(): Promise<Health>;
    /** The service stops: workers are to take their jobs elsewhere. */
    isDraining(): boolean;
  }
}
