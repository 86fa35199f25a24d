import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { AppError, invalidRequest } from '../../errors.ts';
import { clip } from '../../schemas/json/well-formed.ts';
import { isForeignCall } from './cross-site.ts';
import { type HostNames, hostTest } from './hosts.ts';

export interface GuardOptions extends HostNames {
  readonly corsOrigins: readonly string[];
  /** Whether answers hold what only the caller may see, so that nobody may keep them. */
  readonly isPrivate: boolean;
}

const SHOWN = 100;

/** Refuses calls by a foreign host name and calls of foreign web pages, and tells browsers to take answers as they are. */
export const guardPlugin = fastifyPlugin<GuardOptions>(
  async (app, options) => {
    const isOurName = hostTest(options);
    const origins = new Set(options.corsOrigins);
    if (options.publicUrl !== '') origins.add(new URL(options.publicUrl).origin);

    app.addHook('onRequest', (request, reply, done) => {
      reply.header('x-content-type-options', 'nosniff');
      if (options.isPrivate) reply.header('cache-control', 'no-store');
      if (hasTwoHosts(request.raw)) done(twoHosts());
      else if (isOurName !== undefined && !namesUs(request, isOurName)) done(foreignHost(request));
      else if (isForeignCall(request, origins)) done(foreignPage(request));
      else done();
    });
  },
  { name: 'guard', dependencies: ['errors'] },
);

/** Two hosts could name one to a proxy and another to us (RFC 9112, 3.2). Node would take the first. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

const twoHosts = (): AppError =>
  invalidRequest([{ pointer: '/host', detail: 'must be given once' }], 'headers');

/** A request without Host gets another answer, or comes by HTTP/1.0, which no browser speaks. */
function namesUs({ headers, raw }: FastifyRequest, isOurName: (header: string) => boolean): boolean {
  const { url = '/' } = raw;
  // The host of an absolute URL counts, not that of the header (RFC 9112, 3.2.2).
  if (!url.startsWith('/') && URL.canParse(url)) return isOurName(new URL(url).host);
  return headers.host === undefined || isOurName(headers.host);
}

const foreignHost = ({ headers }: FastifyRequest): AppError =>
  new AppError(
    'misdirected-request',
    `The API does not answer for ${JSON.stringify(clip(headers.host ?? '', SHOWN))}. Call it by an IP address or localhost, or add the name to ALLOWED_HOSTS.`,
  );

const foreignPage = ({ headers }: FastifyRequest): AppError =>
  new AppError(
    'cross-site',
    `A web page of ${JSON.stringify(clip(headers.origin ?? 'another site', SHOWN))} may not send this request. Add its origin to CORS_ORIGINS if it may.`,
  );
