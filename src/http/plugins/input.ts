import type { FastifyRequest, FastifySchemaCompiler, HTTPMethods } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { TSchema } from 'typebox';
import { AppError } from '../../errors.ts';
import { compileSchema } from '../../schemas/validation/compile.ts';
import { readJson } from '../request/read-json.ts';
import { unsupportedType } from './errors.ts';

const WHAT: Readonly<Record<string, string>> = {
  querystring: 'query parameters',
  params: 'parts of the address',
  headers: 'headers',
};

/**
 * Bodies are checked as they are; what comes as text by nature (query, path, headers) is converted to the
 * schema's types.
 */
const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart, url }) => {
  const compiled = compileSchema(schema, { coerce: httpPart !== 'body', isOurs: true });
  if (!compiled.ok) throw new Error(`the ${httpPart} schema of ${url} is not valid: ${compiled.reason}`);
  const isBare = bareness(schema, httpPart);
  return (value: unknown) => {
    if (isBare(value)) return { value };
    const errors = compiled.check(value);
    if (errors.length === 0) return { value };
    const what = WHAT[httpPart ?? 'body'] ?? 'fields';
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

/**
 * Tells values that need no look: queries and headers of which the schema asks nothing and that have none of what it
 * knows, as those of most requests.
 */
function bareness(schema: TSchema, httpPart: string | undefined): (value: unknown) => boolean {
  const { properties = {}, required = [] } = schema as { properties?: object; required?: string[] };
  const names = Object.keys(properties);
  if (required.length > 0) return () => false;
  if (httpPart === 'headers')
    return (value) => names.every((name) => (value as Record<string, unknown>)[name] === undefined);
  return (value) => httpPart === 'querystring' && Object.keys(value as object).length === 0;
}

const METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

/** Whether the body comes in a way that would be misread. */
function isForeign({ headers }: FastifyRequest): boolean {
  // What nearly all send.
  if (headers['content-type'] === 'application/json' && headers['content-encoding'] === undefined)
    return false;
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) return true;
  const coding = headers['content-encoding'];
  return coding !== undefined && coding.toLowerCase() !== 'identity';
}

/** How requests are read: content types, validation, and 405 for addresses that know other methods. */
export const inputPlugin = fastifyPlugin(
  async (app) => {
    app.setValidatorCompiler(validatorCompiler);
    // The framework takes text/plain by default; here it would only fail later and less clearly.
    app.removeContentTypeParser('text/plain');
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
      // Clients that always name a type send it with an empty body, too, where none is asked for.
      if (body.length === 0) done(null, undefined);
      else done(null, readJson(typeof body === 'string' ? Buffer.from(body) : body, 'The body'));
    });
    app.addContentTypeParser('*', (request, _payload, done) => {
      // So do those that name another one, such as `curl -d ''`.
      if (request.headers['content-length'] === '0') done(null, undefined);
      else done(unsupportedType(request));
    });
    app.addHook('onRequest', (request, _reply, done) => {
      if (isForeign(request)) done(unsupportedType(request));
      else done();
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
