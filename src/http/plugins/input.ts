import type { HTTPMethods } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { AppError } from '../../errors.ts';
import { headFault, readOnlyJson } from '../request/content-types.ts';
import { validatorCompiler } from '../request/validator.ts';
import { noSuchPath } from './errors.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

/** Reads requests: content types, validation, and 405 for other methods of a path. */
export const inputPlugin = fastifyPlugin(
  async (app) => {
    app.setValidatorCompiler(validatorCompiler);
    // Before the body is read, so that a body cannot hide the wrong path.
    app.addHook('onRequest', (request, _reply, done) => {
      const fault = request.is404 ? noSuchPath : headFault(request);
      done(fault?.(request));
    });
    readOnlyJson(app);

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
