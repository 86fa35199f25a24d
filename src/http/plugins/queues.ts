import fastifyPlugin from 'fastify-plugin';
import { Loop } from '../../maintenance/loop.ts';
import { QueueInspector } from '../../queues/queue-inspector.ts';
import { QueueOperator } from '../../queues/queue-operator.ts';
import { QueueRemover } from '../../queues/remove/queue-remover.ts';

/** Inspects queues, changes and removes them. A listening API process lists removed queues again that come back. */
export const queuesPlugin = fastifyPlugin(
  async (app) => {
    const { core } = app;
    const remover = new QueueRemover(core, app.scheduler);
    const loop = new Loop('queues', remover.watchRemoved, core.observe);
    app.decorate('queueInspector', new QueueInspector(core));
    app.decorate('queueOperator', new QueueOperator(core));
    app.decorate('queueRemover', remover);
    app.addHook('onListen', async () => loop.start());
    app.addHook('preClose', () => loop.stop());
  },
  { name: 'queues', dependencies: ['core', 'schedules'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    queueInspector: QueueInspector;
    queueOperator: QueueOperator;
    queueRemover: QueueRemover;
  }
}
