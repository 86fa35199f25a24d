import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { visibleTo } from '../src/http/access/caller-view.ts';
import { optionalBody } from '../src/http/request/optional-body.ts';
import { problems } from '../src/schemas/http.ts';
import {
  AnnouncedTask,
  AnnounceTask,
  TaskList,
  TaskListQuery,
  TaskParams,
  WithdrawQuery,
} from '../src/schemas/task-http.ts';

export const taskRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/tasks',
    {
      schema: {
        operationId: 'listTasks',
        summary: 'List the tasks that workers have announced',
        description: 'Returns all tasks of a page of queues. Repeat with `nextCursor` until it is absent.',
        tags: ['work'],
        querystring: TaskListQuery,
        response: { 200: TaskList, ...problems(400, 500, 503) },
      },
    },
    ({ query, caller }) => app.taskRegistry.list(query, visibleTo(caller)),
  );

  app.put(
    '/queues/:name/tasks/:task',
    {
      preValidation: optionalBody,
      schema: {
        operationId: 'announceTask',
        summary: 'Announce a task of HTTP workers',
        description:
          'The service then checks payloads against `input` at submit and results against `output` at completion. Different schemas of a task count side by side: what one of them takes is accepted. An announcement lasts a day. Workers renew the last one by naming the task when they take jobs. A schema has at most 131,072 characters. One that takes too long to compile, or to check a small value, is refused.',
        tags: ['work'],
        params: TaskParams,
        body: AnnounceTask,
        response: { 200: AnnouncedTask, ...problems(400, 409, 413, 415, 500, 503) },
      },
    },
    ({ params, body }) => app.taskRegistry.announce(params.name, params.task, body),
  );

  app.delete(
    '/queues/:name/tasks/:task',
    {
      schema: {
        operationId: 'forgetTask',
        summary: 'Withdraw an announced task',
        description:
          'The service no longer checks its payloads and results. Workers that name it announce it again. TypeScript workers that run keep their own announcement.',
        tags: ['work'],
        params: TaskParams,
        querystring: WithdrawQuery,
        response: {
          204: Type.Null({ description: 'The announcement is withdrawn.' }),
          ...problems(400, 404, 500, 503),
        },
      },
    },
    async ({ params, query }, reply) => {
      await app.taskRegistry.remove(params.name, params.task, query.release);
      return reply.code(204).send(null);
    },
  );
};
