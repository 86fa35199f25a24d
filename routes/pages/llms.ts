import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { LLMS_TEXT } from '../../src/http/llms-text.ts';

/** The page that programs read first. It holds no data, so it needs no key. */
export const llmsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/llms.txt', { schema: { hide: true, operationId: 'getLlmsText' } }, async (_, reply) =>
    reply.type('text/plain; charset=utf-8').send(LLMS_TEXT),
  );
};
