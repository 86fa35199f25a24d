import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { HOME_PAGE_POLICY, homePage } from '../src/http/home-page.ts';
import { pageFormatOf } from '../src/http/request/accept.ts';
import { HomeResponse, homeOf } from '../src/schemas/home.ts';
import { problems } from '../src/schemas/http.ts';
import { VERSION } from '../src/version.ts';

export const homeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const home = homeOf(VERSION);
  const page = homePage(home);

  app.get(
    '/',
    {
      schema: {
        operationId: 'getHome',
        summary: 'Show the name, version and links of the service',
        description: 'Returns JSON, or HTML if `Accept` prefers it. Works without Redis.',
        tags: ['service'],
        response: { 200: HomeResponse, ...problems(406) },
      },
    },
    async ({ headers }, reply) => {
      reply.header('vary', 'accept');
      if (pageFormatOf(headers.accept) === 'json') return reply.send(home);
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', HOME_PAGE_POLICY)
        .header('referrer-policy', 'no-referrer')
        .send(page);
    },
  );
};
