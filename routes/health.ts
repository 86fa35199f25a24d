import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Readiness } from '../src/schemas/http.ts';

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
};
