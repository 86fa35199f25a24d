import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { PROBLEM_PAGE_POLICY, problemPage } from '../../src/http/problems/problem-page.ts';
import { problemHelp } from '../../src/http/problems/problems.ts';
import { pageFormatOf } from '../../src/http/request/accept.ts';
import { problems } from '../../src/schemas/http.ts';
import { ProblemHelp } from '../../src/schemas/problem.ts';

const DAY_S = 86_400;

export const problemRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/problems/:code',
    {
      schema: {
        operationId: 'getProblem',
        summary: 'Explain a code of a problem',
        description:
          'The address is the `type` of each problem. Browsers (`Accept: text/html`) get a page. Works without Redis.',
        tags: ['service'],
        params: Type.Object({
          code: Type.String({ description: 'The `code` of a problem.', examples: ['queue-full'] }),
        }),
        response: { 200: ProblemHelp, ...problems(404, 406) },
      },
    },
    async ({ headers, params }, reply) => {
      const help = problemHelp(params.code);
      reply.header('vary', 'accept').header('cache-control', `public, max-age=${DAY_S}`);
      if (pageFormatOf(headers.accept) === 'json') return help;
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', PROBLEM_PAGE_POLICY)
        .serializer(String)
        .send(problemPage(help));
    },
  );
};
