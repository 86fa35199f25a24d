import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { problems } from '../src/schemas/http.ts';
import { Readiness } from '../src/schemas/service/readiness.ts';

const Alive = Type.Object(
  { alive: Type.Literal(true, { description: 'Always true.' }) },
  { description: 'The process is alive.', examples: [{ alive: true }] },
);

export const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/livez',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'getLiveness',
        summary: 'Check whether the process is alive',
        description: 'For liveness probes. Works without Redis.',
        tags: ['health'],
        response: { 200: Alive },
      },
    },
    async () => ({ alive: true as const }),
  );

  app.get(
    '/readyz',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'getReadiness',
        summary: 'Check whether the service accepts jobs',
        description:
          'For readiness probes. Returns 503 with `reasons` while Redis is unavailable or the process stops.',
        tags: ['health'],
        response: { 200: Readiness, 503: { ...Readiness, description: 'Not ready: `reasons` says why.' } },
      },
    },
    async (_request, reply) => {
      const health = await app.health();
      return reply.code(health.ready ? 200 : 503).send(health);
    },
  );

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
          ...problems(500, 503),
        },
      },
    },
    async (_request, reply) => reply.type(exposition.contentType).send(await exposition.read()),
  );
};
