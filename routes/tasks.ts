import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { problems } from '../src/schemas/http.ts';
import { AnnounceTask, KnownTask, TaskList, TaskListQuery, TaskParams } from '../src/schemas/task-http.ts';

export const taskRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/tasks',
    {
      schema: {
        operationId: 'listTasks',
        summary: 'List the tasks that workers have announced',
        description: 'All tasks of a page of queues. Call again with nextCursor until there is none.',
        tags: ['work'],
        querystring: TaskListQuery,
        response: { 200: TaskList, ...problems(400, 500, 503) },
      },
    },
    ({ query }) => app.taskRegistry.list(query),
  );

  app.put(
    '/queues/:name/tasks/:task',
    {
      // No body is a task of which nothing more is said.
      preValidation: async (request) => {
        request.body ??= {};
      },
      schema: {
        operationId: 'announceTask',
        summary: 'Announce a task that workers over HTTP have',
        description:
          'Payloads are then checked against its input schema when jobs are submitted, results against its output schema when they are completed. It counts for a day, and for as long as workers name it when they take jobs.',
        tags: ['work'],
        params: TaskParams,
        body: AnnounceTask,
        response: { 200: KnownTask, ...problems(400, 413, 415, 500, 503) },
      },
    },
    ({ params, body }) => app.taskRegistry.announce(params.name, params.task, body),
  );

  app.delete(
    '/queues/:name/tasks/:task',
    {
      schema: {
        operationId: 'forgetTask',
        summary: 'Take an announcement back',
        tags: ['work'],
        params: TaskParams,
        response: { 204: Type.Null({ description: 'Forgotten.' }), ...problems(400, 404, 500, 503) },
      },
    },
    async ({ params }, reply) => {
      await app.taskRegistry.remove(params.name, params.task);
      return reply.code(204).send(null);
    },
  );
};
