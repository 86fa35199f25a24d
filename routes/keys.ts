import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { nameTarget } from '../src/http/access/audit.ts';
import { AuditPage, AuditQuery } from '../src/schemas/audit/audit.ts';
import { problems } from '../src/schemas/http.ts';
import { CreatedKey, KeyListQuery, KeyPage, KeyParams, NewKey } from '../src/schemas/keys/key.ts';

const DEFAULT_LIMIT = 100;

export const keyRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.post(
    '/keys',
    {
      schema: {
        operationId: 'createKey',
        summary: 'Make a key',
        description:
          'The answer shows the key this once. Every API process accepts it at once. Without `AUTH=keys` keys can be made, and are needed by nobody.',
        tags: ['keys'],
        body: NewKey,
        response: { 201: CreatedKey, ...problems(400, 409, 413, 415, 500, 503) },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const created = await app.accessKeys.create(body);
      nameTarget(request, created.id);
      return reply.code(201).header('cache-control', 'no-store').send(created);
    },
  );

  app.get(
    '/keys',
    {
      schema: {
        operationId: 'listKeys',
        summary: 'List the keys',
        description: 'Expired ones, too, until you revoke them. No answer has the key itself.',
        tags: ['keys'],
        querystring: KeyListQuery,
        response: { 200: KeyPage, ...problems(400, 500, 503) },
      },
    },
    async ({ query }) => {
      // What this process has seen is shown at once. Others write within seconds.
      await app.keyUses.run();
      return app.accessKeys.list({ limit: DEFAULT_LIMIT, ...query });
    },
  );

  app.delete(
    '/keys/:id',
    {
      schema: {
        operationId: 'removeKey',
        summary: 'Revoke a key',
        description: 'Every API process refuses the key within two seconds.',
        tags: ['keys'],
        params: KeyParams,
        response: {
          204: Type.Null({ description: 'The key is revoked.' }),
          ...problems(400, 404, 500, 503),
        },
      },
    },
    async ({ params }, reply) => {
      await app.accessKeys.remove(params.id);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/audit',
    {
      schema: {
        operationId: 'listAudit',
        summary: 'List what was managed, and what was refused',
        description:
          'Every call of a route that needs the scope `manage` or `admin`, and every call that was refused with 401 or 403, or for the rate of its key. The newest first. The service keeps the last 10,000 of each kind (AUDIT_MAX). Of many refused calls from one address it keeps one, and counts the others.',
        tags: ['keys'],
        querystring: AuditQuery,
        response: { 200: AuditPage, ...problems(400, 500, 503) },
      },
    },
    ({ query }) => app.listAudit(query),
  );
};
