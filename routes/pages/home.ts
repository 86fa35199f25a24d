import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { pageFormatOf } from '../../src/http/request/accept.ts';
import { HOME_LINKS, Home, homeOf } from '../../src/schemas/home.ts';
import { problems } from '../../src/schemas/http.ts';
import { VERSION } from '../../src/version.ts';

export const homeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const home = homeOf(VERSION);

  app.get(
    '/',
    {
      schema: {
        operationId: 'getHome',
        summary: 'Show the name, version and links of the service',
        description: 'Sends browsers (`Accept: text/html`) to the dashboard. Works without Redis.',
        tags: ['service'],
        response: {
          200: Home,
          302: Type.Null({ description: 'The dashboard is at the address in `Location`.' }),
          ...problems(406),
        },
      },
    },
    async ({ headers }, reply) => {
      reply.header('vary', 'accept');
      if (pageFormatOf(headers.accept) === 'json') return reply.send(home);
      return reply.redirect(HOME_LINKS.dashboard.href);
    },
  );
};
