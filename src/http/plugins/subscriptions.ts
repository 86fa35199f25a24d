import fastifyPlugin from 'fastify-plugin';
import type { Config } from '../../config.ts';
import { Subscriptions } from '../../subscriptions/subscriptions.ts';

/** Durable subscriptions to events. */
export const subscriptionsPlugin = fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const subscriptions = new Subscriptions(app.core, app.eventFeed, config.maxWaiters);
    app.decorate('subscriptions', subscriptions);
    // The server then waits for its open requests: those of waiting readers must be answered first.
    app.addHook('preClose', async () => subscriptions.stop());
  },
  { name: 'subscriptions', dependencies: ['core'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    subscriptions: Subscriptions;
  }
}
