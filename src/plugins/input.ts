import type { FastifySchemaCompiler, HTTPMethods } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { TSchema } from 'typebox';
import { AppError } from '../errors.ts';
import { compileSchema } from '../schemas/compile.ts';

/**
 * Bodies are checked as they are; what comes as text by nature (query, path, headers) is converted to the
 * schema's types.
 */
const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart, url }) => {
  const compiled = compileSchema(schema, { coerce: httpPart !== 'body' });
  if (!compiled.ok) throw new Error(`the ${httpPart} schema of ${url} is not valid: ${compiled.reason}`);
  return (value: unknown) => {
    const errors = compiled.check(value);
    if (errors.length === 0) return { value };
    const where = httpPart === 'querystring' ? 'query' : httpPart;
    const what = httpPart === 'body' ? 'fields' : `${where} parameters`;
    return {
      error: new AppError(
        'invalid-request',
        `Mend the ${what} listed in errors and send the request again.`,
        {
          errors,
        },
      ),
    };
  };
};

const METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** How requests are read: content types, validation, and 405 for addresses that know other methods. */
export const inputPlugin = fastifyPlugin(
  async (app) => {
    app.setValidatorCompiler(validatorCompiler);
    // The framework takes text/plain by default; here it would only fail later and less clearly.
    app.removeContentTypeParser('text/plain');
    const parseJson = app.getDefaultJsonParser('error', 'error');
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
      // Clients that always name a type send it with an empty body, too, where none is asked for.
      if (body === '') done(null, undefined);
      else parseJson(request, String(body), done);
    });

    const known = new Map<string, Set<string>>();
    app.addHook('onRoute', ({ url, method }) => {
      const methods = known.get(url) ?? new Set();
      for (const one of [method].flat()) methods.add(one);
      known.set(url, methods);
    });
    app.decorate('refuseOtherMethods', () => {
      for (const [url, methods] of [...known]) {
        if (url.includes('*') || url.startsWith('/docs')) continue;
        const allow = [...methods].sort().join(', ');
        app.route({
          method: METHODS.filter((method) => !methods.has(method)),
          url,
          schema: { hide: true },
          // Before the body is read: whatever it is, the method is wrong.
          onRequest: async (request, reply) => {
            reply.header('allow', allow);
            throw new AppError('method-not-allowed', `${request.method} is not known here; known: ${allow}.`);
          },
          handler: async () => undefined,
        });
      }
    });
  },
  { name: 'input', dependencies: ['errors'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    /** To be called after all routes are registered. */
    refuseOtherMethods(): void;
  }
}
