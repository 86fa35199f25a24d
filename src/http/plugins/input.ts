import type { FastifyRequest, FastifySchemaCompiler, HTTPMethods } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { TSchema } from 'typebox';
import { AppError, invalidRequest } from '../../errors.ts';
import { compileSchema } from '../../schemas/validation/compile.ts';
import { readJson } from '../request/read-json.ts';
import { unsupportedType } from './errors.ts';

/** The parts of a request, as messages name them. */
const PARTS: Readonly<Record<string, string>> = {
  querystring: 'query parameters',
  params: 'path parameters',
  headers: 'headers',
};

/** Validates bodies as sent. Converts query, path and headers, which are text, to the types of their schema. */
const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart, url }) => {
  const compiled = compileSchema(schema, { coerce: httpPart !== 'body', isOurs: true });
  if (!compiled.ok) throw new Error(`the ${httpPart} schema of ${url} is not valid: ${compiled.reason}`);
  const isEmpty = emptyCheck(schema, httpPart);
  return (value: unknown) => {
    if (isEmpty(value)) return { value };
    const errors = compiled.check(value);
    if (errors.length === 0) return { value };
    return { error: invalidRequest(errors, PARTS[httpPart ?? 'body']) };
  };
};

/**
 * Whether a value needs no validation: a query or headers without any member of a schema that requires none. Most
 * requests have such ones, and skip the validator.
 */
function emptyCheck(schema: TSchema, httpPart: string | undefined): (value: unknown) => boolean {
  const { properties = {}, required = [] } = schema as { properties?: object; required?: string[] };
  const names = Object.keys(properties);
  if (required.length > 0) return () => false;
  if (httpPart === 'headers')
    return (value) => names.every((name) => (value as Record<string, unknown>)[name] === undefined);
  return (value) => httpPart === 'querystring' && Object.keys(value as object).length === 0;
}

const METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

/** Whether the charset or coding of the body would be misread. */
function hasForeignEncoding({ headers }: FastifyRequest): boolean {
  // The headers of most requests.
  if (headers['content-type'] === 'application/json' && headers['content-encoding'] === undefined)
    return false;
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) return true;
  const coding = headers['content-encoding'];
  return coding !== undefined && coding.toLowerCase() !== 'identity';
}

/** Reads requests: content types, validation, and 405 for other methods of a path. */
export const inputPlugin = fastifyPlugin(
  async (app) => {
    app.setValidatorCompiler(validatorCompiler);
    // Fastify accepts text/plain by default. Such a body would fail later and less clearly.
    app.removeContentTypeParser('text/plain');
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
      // Some clients send Content-Type with every request, even without a body.
      if (body.length === 0) done(null, undefined);
      else done(null, readJson(typeof body === 'string' ? Buffer.from(body) : body, 'The body'));
    });
    app.addContentTypeParser('*', (request, _payload, done) => {
      // Some send another type with an empty body, such as `curl -d ''`.
      if (request.headers['content-length'] === '0') done(null, undefined);
      else done(unsupportedType(request));
    });
    app.addHook('onRequest', (request, _reply, done) => {
      if (hasForeignEncoding(request)) done(unsupportedType(request));
      else done();
    });

    const methodsOf = new Map<string, Set<string>>();
    app.addHook('onRoute', ({ url, method }) => {
      const methods = methodsOf.get(url) ?? new Set();
      for (const each of [method].flat()) methods.add(each);
      methodsOf.set(url, methods);
    });
    app.decorate('rejectOtherMethods', () => {
      for (const [url, methods] of [...methodsOf]) {
        if (url.includes('*') || url.startsWith('/docs')) continue;
        const allow = [...methods].sort().join(', ');
        app.route({
          method: METHODS.filter((method) => !methods.has(method)),
          url,
          schema: { hide: true },
          // Before the body is read, so that a broken body does not hide the wrong method.
          onRequest: async (request, reply) => {
            reply.header('allow', allow);
            throw new AppError('method-not-allowed', `This path has no ${request.method}. It has ${allow}.`);
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
    /** Answers 405 for the other methods of every path. Call it after all routes are registered. */
    rejectOtherMethods(): void;
  }
}
