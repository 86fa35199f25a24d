import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';

export const metricsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { exposition } = app;
  if (exposition === undefined) return;

  app.get(
    '/metrics',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'getMetrics',
        summary: 'Get the metrics of this process',
        description:
          'Prometheus text. Counters and histograms are of this API process. Gauges of queues and of Redis are the same at each API process. Scrapes within a second get one text.',
        tags: ['health'],
        response: {
          200: {
            description: 'The metrics.',
            content: { 'text/plain': { schema: Type.String({ examples: ['millrace_redis_up 1\n'] }) } },
          },
        },
      },
    },
    async (_request, reply) => reply.type(exposition.contentType).send(await exposition.read()),
  );
};
