import cors, { type FastifyCorsOptions } from '@fastify/cors';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { noSuchPath } from '../plugins/errors.ts';
import { routeOf } from '../request/route.ts';

/** Headers of answers that a page may read, beside those that any page may. */
const EXPOSED = [
  'Allow',
  'ETag',
  'Idempotency-Replayed',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];

/** Headers of requests that a page may set. */
const ACCEPTED = [
  'Accept',
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'Prefer',
  'Traceparent',
  'Tracestate',
  'X-Request-Id',
];

/** For so long a browser remembers the answer to a preflight, s: the most that Chromium takes. */
const MAX_AGE_S = 7_200;

/** Lets web pages of these origins call the API from a browser. Without an origin there is no hook at all. */
export const corsPlugin = fastifyPlugin<{ corsOrigins: readonly string[] }>(
  async (app, { corsOrigins }) => {
    if (corsOrigins.length === 0) return;
    const allowed: FastifyCorsOptions = {
      origin: [...corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: ACCEPTED,
      exposedHeaders: EXPOSED,
      maxAge: MAX_AGE_S,
    };
    const refused: FastifyCorsOptions = { origin: false };
    await app.register(cors, {
      delegator: (request: FastifyRequest, done) => {
        const { origin } = request.headers;
        const isAllowed = origin !== undefined && corsOrigins.includes(origin) && !isPlainOptions(request);
        done(null, isAllowed ? allowed : refused);
      },
    });
    // The plugin takes OPTIONS at every path. Where nothing else is, there is nothing.
    app.addHook('onRequest', (request, _reply, done) => {
      if (request.method === 'OPTIONS' && routeOf(request) === '*') done(noSuchPath(request));
      else done();
    });
  },
  { name: 'cors', dependencies: ['errors'] },
);

/** An OPTIONS that is no preflight: it is answered as without the plugin. */
const isPlainOptions = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] === undefined;
