import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { PageQuery, problems, QueueParams } from '../../src/schemas/http.ts';
import { KeyJobsList } from '../../src/schemas/queues/keys.ts';

const DEFAULT_LIMIT = 100;

export const queueKeyRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/queues/:name/keys',
    {
      schema: {
        operationId: 'listQueueKeys',
        summary: 'List the keys of a queue',
        description:
          'The keys of jobs that wait for their key, or run, in a queue that limits the jobs of each key or lets keys take turns. A waiting job counts once a worker has looked at it.',
        tags: ['queues'],
        params: QueueParams,
        querystring: PageQuery,
        response: { 200: KeyJobsList, ...problems(400, 500, 503) },
      },
    },
    ({ params, query }) => app.queueInspector.keys(params.name, { limit: DEFAULT_LIMIT, ...query }),
  );
};
