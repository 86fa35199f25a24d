import fastifyPlugin from 'fastify-plugin';
import { TaskRegistry } from '../../tasks/registry.ts';

/** Announces tasks over HTTP and lists them. */
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
