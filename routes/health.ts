import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Readiness } from '../src/schemas/http.ts';

const Alive = Type.Object(
  { alive: Type.Literal(true) },
  { description: 'It lives.', examples: [{ alive: true }] },
);

export const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/livez',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'getLiveness',
        summary: 'Whether the process lives',
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
        summary: 'Whether jobs are accepted, and if not, why',
        tags: ['health'],
        response: { 200: Readiness, 503: { ...Readiness, description: 'Not ready, and why.' } },
      },
    },
    async (_request, reply) => {
      const health = await app.health();
      return reply.code(health.ready ? 200 : 503).send(health);
    },
  );
};
