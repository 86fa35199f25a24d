import type { FastifyReply } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { EventFeed } from '../events/feed.ts';
import type { Core } from '../queue/core.ts';
import { checkHealth, type Health } from '../queue/health.ts';
import { Inspector } from '../queue/inspect.ts';
import { Submitter } from '../queue/submit.ts';
import { Subscriptions } from '../queue/subscriptions.ts';
import { type Asker, Waiter } from '../queue/wait.ts';
import { BlockingReader } from '../redis/blocking.ts';
import { connectForBlocking, connectForRequests, FIRST_CONNECT_MS, whenReady } from '../redis/connect.ts';
import { KeySpace } from '../redis/keyspace.ts';
import { Scheduler } from '../schedules/scheduler.ts';
import { TaskDirectory } from '../tasks/directory.ts';
import { EventHub } from './event-hub.ts';

/** The core, as the routes see it; its connections end with the app. */
export const corePlugin = fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const onError = (error: Error) => app.logger.warn({ err: error }, 'Redis connection');
    const url = config.redisUrl;
    const redis = connectForRequests({ url, name: 'millrace-api', onError });
    const blocking = connectForBlocking({ url, name: 'millrace-api-events', onError });
    const core: Core = {
      redis,
      keySpace: new KeySpace(config.prefix),
      tasks: new TaskDirectory(redis, systemClock),
      resultTtlMs: config.resultTtlMs,
      idempotencyTtlMs: config.idempotencyTtlMs,
      unknownTasks: config.unknownTasks,
    };
    const feed = new EventFeed(new BlockingReader(blocking, redis), redis);
    const events = new EventHub(core, feed, config.maxWaiters, (error) =>
      app.logger.error({ err: error }, 'A stream of events was ended'),
    );
    const waiter = new Waiter(core, feed, config.maxWaiters);
    const subscriptions = new Subscriptions(core, feed, config.maxWaiters);
    let draining = false;

    const submitter = new Submitter(core);
    app.decorate('core', core);
    app.decorate('submitter', submitter);
    app.decorate('scheduler', new Scheduler(core, submitter));
    app.decorate('inspector', new Inspector(core));
    app.decorate('waiter', waiter);
    app.decorate('eventHub', events);
    app.decorate('subscriptions', subscriptions);
    app.decorate('isDraining', () => draining);
    app.decorate('health', async (): Promise<Health> => {
      const health = await checkHealth(core);
      if (!draining) return health;
      return { ...health, ready: false, reasons: ['The service is stopping.', ...health.reasons] };
    });
    await Promise.all([whenReady(redis, FIRST_CONNECT_MS), whenReady(blocking, FIRST_CONNECT_MS)]);

    // Waiters are answered before the server waits for its open requests, which they are.
    app.addHook('preClose', async () => {
      draining = true;
      waiter.stop();
      events.stop();
      subscriptions.stop();
    });
    app.addHook('onClose', async () => {
      await events.close();
      await feed.close();
      blocking.disconnect();
      redis.disconnect();
    });
  },
  { name: 'core', dependencies: ['errors'] },
);

/** The client of a request: gone when its connection closes, or when the answer is out. */
export const askerOf = ({ raw }: FastifyReply): Asker => ({
  onGone: (gone) => {
    if (raw.closed) gone();
    else raw.once('close', gone);
  },
});

declare module 'fastify' {
  interface FastifyInstance {
    /** What the verbs share; for plugins, not for routes. */
    core: Core;
    submitter: Submitter;
    scheduler: Scheduler;
    inspector: Inspector;
    waiter: Waiter;
    eventHub: EventHub;
    subscriptions: Subscriptions;
    health(): Promise<Health>;
    /** The service stops: workers are to take their jobs elsewhere. */
    isDraining(): boolean;
  }
}
