import fastifyPlugin from 'fastify-plugin';
import { QueueInspector } from '../../queues/queue-inspector.ts';
import { QueueOperator } from '../../queues/queue-operator.ts';

/** Inspects queues and changes them. */
export const queuesPlugin = fastifyPlugin(
  async (app) => {
    app.decorate('queueInspector', new QueueInspector(app.core));
    app.decorate('queueOperator', new QueueOperator(app.core));
  },
  { name: 'queues', dependencies: ['core'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    queueInspector: QueueInspector;
    queueOperator: QueueOperator;
  }
}
