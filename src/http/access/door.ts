import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { type Caller, EVERYONE, type KeyRate, NOBODY } from '../../access/caller.ts';
import { rateHeaders } from '../../access/rates/rate-headers.ts';
import {
  forbidden,
  forbiddenAnywhere,
  rateLimited,
  tooManyWrongKeys,
  unauthorized,
} from '../../access/refusals.ts';
import { ROUTE_SCOPES, type RouteAccess, UNLISTED } from '../../access/route-scopes.ts';
import { queueNotFound } from '../../core/queue-registry.ts';
import type { AppError } from '../../errors.ts';
import { leaseNotFound, parseLease } from '../../leases/lease-token.ts';
import { parseJobId } from '../../redis/job-id.ts';
import { problems } from '../../schemas/http.ts';
import type { Scope } from '../../schemas/keys/scope.ts';
import { prefersPage } from '../request/accept.ts';
import { routeFacts } from '../request/route.ts';
import { hiddenId } from './hidden-jobs.ts';

const CALLER = Symbol('caller');

/**
 * Lets requests in: with AUTH=keys every request but those of probes needs a key, and that its scope. Comes before all other
 * hooks that answer, so that nothing is told to strangers. With AUTH=off there is no hook at all.
 */
export const doorPlugin = fastifyPlugin<{ auth: 'off' | 'keys' }>(
  async (app, { auth }) => {
    app.addHook('onRoute', describeAccess);
    if (auth === 'off') {
      app.decorateRequest('caller', { getter: () => EVERYONE });
      return;
    }
    // Declared, so that all requests keep one shape.
    app.decorateRequest(CALLER, null);
    app.decorateRequest('caller', {
      getter(this: FastifyRequest) {
        return this[CALLER] ?? NOBODY;
      },
    });
    app.addHook('onRequest', (request, reply, done) => {
      const access = routeFacts(request).access ?? UNLISTED;
      if (access.scope === 'none' || (access.hasPage && prefersPage(request.headers.accept))) {
        done();
        return;
      }
      const caller = app.authenticator.identify(request.raw.headers.authorization);
      if (!(caller instanceof Promise) && caller?.rate === undefined) {
        done(enter(app, request, access, caller));
        return;
      }
      enterSlowly(app, request, reply, access, caller).then(done, done);
    });
  },
  { name: 'door' },
);

/** Finds the row of a route, for the hook and for the OpenAPI document. @throws {Error} for a route without a row. */
function describeAccess(route: RouteOptions): void {
  const { schema, url, method } = route;
  const id = schema?.operationId;
  const access = id === undefined ? (schema?.hide ? UNLISTED : undefined) : ROUTE_SCOPES[id];
  if (access === undefined) {
    throw new Error(`${method} ${url} has no scope: add "${id}" to src/access/route-scopes.ts.`);
  }
  route.config = { ...route.config, access };
  if (id === undefined) return;
  const { scope } = access;
  const security = scope === 'none' ? [] : [{ bearer: scope === 'any' ? [] : [scope] }];
  const refusals = scope === 'none' ? {} : problems(401, 403, 429);
  route.schema = { ...schema, security, response: { ...(schema?.response as object), ...refusals } };
}

/** Lets in a caller who is not known yet, or who has a rate. */
async function enterSlowly(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  access: RouteAccess,
  identified: Promise<Caller | undefined> | Caller | undefined,
): Promise<AppError | undefined> {
  const caller = await identified;
  // A request beyond the rate of its key is refused, and the audit names the key.
  if (caller !== undefined) request[CALLER] = caller;
  const isSpent = caller?.rate && (await spendToken(app, reply, caller, caller.rate));
  return isSpent || enter(app, request, access, caller);
}

/** Counts a request of a key that has a rate; returns why it is refused, if so. */
async function spendToken(
  app: FastifyInstance,
  reply: FastifyReply,
  { id }: Caller,
  rate: KeyRate,
): Promise<AppError | undefined> {
  const state = await app.keyRates.take(id, rate);
  reply.headers(rateHeaders(rate, state));
  return state.isAllowed ? undefined : rateLimited(state.nextInMs);
}

/** Whether a header has a token, and no key. The signature may be missing. */
const isToken = (authorization: string): boolean =>
  /^Bearer +[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/i.test(authorization);

/** A client without a key, or with a wrong one. */
function refuseStranger(app: FastifyInstance, { raw, ip }: FastifyRequest): AppError {
  const { authorization } = raw.headers;
  // Nobody can guess a signature, and who has a token that is no longer good has guessed nothing.
  if (authorization === undefined || isToken(authorization)) return unauthorized();
  const waitMs = app.wrongKeys.note(ip, authorization);
  return waitMs === undefined ? unauthorized() : tooManyWrongKeys(waitMs);
}

/** Lets the caller in; returns why not, if so. */
function enter(
  app: FastifyInstance,
  request: FastifyRequest,
  { scope, queue }: RouteAccess,
  caller: Caller | undefined,
): AppError | undefined {
  if (caller === undefined) return refuseStranger(app, request);
  request[CALLER] = caller;
  app.keyUses.note(caller);
  if (scope === 'any' || scope === 'none' || caller.may(scope)) return undefined;
  const params = request.params as { name?: string; id?: string; lease?: string };
  switch (queue) {
    case 'path':
      return refuseQueue(caller, scope, params.name ?? '');
    case 'job':
      return refuseJob(request, caller, scope, params.id ?? '');
    case 'lease':
      return refuseLease(caller, scope, params.lease ?? '');
    case 'all':
      return forbidden(scope);
    default:
      return caller.mayAny(scope) ? undefined : forbiddenAnywhere(scope);
  }
}

/** A queue that the caller may not read is one that never was: no answer depends on what there is. */
function refuseQueue(caller: Caller, scope: Scope, name: string): AppError | undefined {
  if (caller.may(scope, name)) return undefined;
  return !caller.mayAny(scope) || caller.may('read', name) ? forbidden(scope, [name]) : queueNotFound(name);
}

function refuseJob(request: FastifyRequest, caller: Caller, scope: Scope, id: string): AppError | undefined {
  const name = parseJobId(id)?.queue;
  if (name === undefined) return caller.mayAny(scope) ? undefined : forbiddenAnywhere(scope);
  if (caller.may(scope, name)) return undefined;
  if (!caller.mayAny(scope) || caller.may('read', name)) return forbidden(scope, [name]);
  (request.params as { id: string }).id = hiddenId(request, id);
  return undefined;
}

function refuseLease(caller: Caller, scope: Scope, text: string): AppError | undefined {
  const queues = parseLease(text)?.queues;
  if (!caller.mayAny(scope))
    return queues === undefined ? forbiddenAnywhere(scope) : forbidden(scope, queues);
  return queues === undefined || queues.every((name) => caller.may(scope, name))
    ? undefined
    : leaseNotFound();
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends the request. */
    readonly caller: Caller;
    [CALLER]?: Caller | null;
  }
  interface FastifyContextConfig {
    access?: RouteAccess;
  }
}
