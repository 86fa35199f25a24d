import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { DASHBOARD_POLICY, dashboardFiles } from '../../src/http/ui/dashboard-files.ts';

const YEAR_S = 31_536_000;

/** The path of a request below `/ui`, without its query. */
const pathBelow = (url: string): string => (url.split('?', 1)[0] ?? '').replace(/^\/ui/, '');

/** The pages of the dashboard. They hold no data, so they need no key: their requests to the API do. */
export const uiRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get<{ Params: { file: string } }>(
    '/ui/assets/:file',
    { schema: { hide: true, operationId: 'getDashboardFile' } },
    async ({ params, headers }, reply) => {
      const { type, body, gzipped } = dashboardFiles().asset(params.file);
      const isZipped = /\bgzip\b/.test(headers['accept-encoding'] ?? '');
      if (isZipped) reply.header('content-encoding', 'gzip');
      return (
        reply
          .type(type)
          .header('vary', 'accept-encoding')
          // The name of a file changes with its content.
          .header('cache-control', `public, max-age=${YEAR_S}, immutable`)
          .send(isZipped ? gzipped : body)
      );
    },
  );

  for (const url of ['/ui', '/ui/*']) {
    app.get(url, { schema: { hide: true, operationId: 'getDashboard' } }, async ({ url: asked }, reply) => {
      const path = pathBelow(asked);
      // Relative: the path prefix of a proxy stays.
      if (path === '') return reply.redirect('ui/');
      return reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-cache')
        .header('content-security-policy', DASHBOARD_POLICY)
        .header('referrer-policy', 'no-referrer')
        .send(dashboardFiles().page(path.split('/').length - 2));
    });
  }
};
