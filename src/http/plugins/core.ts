import fastifyPlugin from 'fastify-plugin';
import { redisTarget, replicaAck, topologyOf } from '../../config/redis.ts';
import { type Config, sharedSettings } from '../../config.ts';
import { type Core, createCore } from '../../core/core.ts';
import { checkHealth, type Health } from '../../core/health.ts';
import { shareCall } from '../../core/share-call.ts';
import { SharedSettings } from '../../core/shared-settings.ts';
import { EventNotifier } from '../../events/notifier.ts';
import { Loop } from '../../maintenance/loop.ts';
import type { Observer } from '../../observer.ts';
import {
  connectForAckedWrites,
  connectForRequests,
  FIRST_CONNECT_MS,
  whenReady,
} from '../../redis/connect.ts';
import { MOST_OPEN_READS, openReader } from '../../redis/reads/open-reader.ts';
import { scripts } from '../../scripts.ts';

/** What all nouns share: the core, the event notifier and health. Its connections close with the app. */
export const corePlugin = fastifyPlugin<{ config: Config; observe: Observer }>(
  async (app, { config, observe }) => {
    let fault: Error | undefined;
    const onError = (error: Error) => {
      fault = error;
      observe({ kind: 'redis-trouble', where: 'connection', error });
    };
    const to = { ...redisTarget(config), scripts, onError };
    const redis = connectForRequests({ ...to, name: 'millrace-api' });
    const reader = openReader({ ...to, name: 'millrace-api-events' }, redis, MOST_OPEN_READS / 2);
    const ack = replicaAck(config);
    const acked =
      ack === undefined ? redis : connectForAckedWrites({ ...to, name: 'millrace-api-writes' }, ack);
    const core = createCore(redis, config, { observe, acked });
    const notifier = new EventNotifier(reader, redis, core.clock);
    const shared = new SharedSettings(core, 'API', sharedSettings(config));
    const loop = new Loop('settings', shared.run, observe);
    const health = shareCall(() =>
      checkHealth(core, { topology: topologyOf(config), wanted: config.replicasAck, lastFault: () => fault }),
    );
    let draining = false;

    app.decorate('core', core);
    app.decorate('eventNotifier', notifier);
    app.decorate('isDraining', () => draining);
    app.decorate('health', async (): Promise<Health> => {
      const { differences } = shared;
      const warnings = differences.length > 0 && { warnings: [...differences] };
      const checked = { ...(await health()), ...warnings };
      if (!draining) return checked;
      return { ...checked, ready: false, reasons: ['The service is stopping.', ...checked.reasons] };
    });
    await Promise.all([
      whenReady(redis, FIRST_CONNECT_MS),
      whenReady(acked, FIRST_CONNECT_MS),
      reader.whenReady(FIRST_CONNECT_MS),
    ]);

    app.addHook('onListen', async () => loop.start());
    app.addHook('preClose', async () => {
      draining = true;
    });
    app.addHook('onClose', async () => {
      await loop.stop();
      await notifier.close();
      await core.tasks.close();
      reader.disconnect();
      for (const one of new Set([acked, redis])) one.disconnect();
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
