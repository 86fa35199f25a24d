import fastifyPlugin from 'fastify-plugin';
import { TaskRegistry } from '../../tasks/registry.ts';

/** Lists announced tasks and announces those of HTTP workers. */
export const tasksPlugin = fastifyPlugin(
  async (app) => {
    app.decorate('taskRegistry', new TaskRegistry(app.core));
  },
  { name: 'tasks', dependencies: ['core'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    taskRegistry: TaskRegistry;
  }
}
