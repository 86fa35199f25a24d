import fastifyPlugin from 'fastify-plugin';
import type { Config } from '../../config.ts';
import { Subscriptions } from '../../subscriptions/subscriptions.ts';

/** Durable subscriptions to events. */
export const subscriptionsPlugin = fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const subscriptions = new Subscriptions(app.core, app.eventNotifier, config.maxWaiters);
    app.decorate('subscriptions', subscriptions);
    // Before the server waits for open requests: waiting readers must be answered.
    app.addHook('preClose', async () => subscriptions.stop());
  },
  { name: 'subscriptions', dependencies: ['core'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    subscriptions: Subscriptions;
  }
}
