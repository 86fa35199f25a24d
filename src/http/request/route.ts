import type { FastifyContextConfig, FastifyRequest } from 'fastify';

const ROUTE = Symbol('route');

/** What is said of a route where it is defined. Fastify adds the pattern of its URL; a request without a route has none. */
export interface RouteFacts extends FastifyContextConfig {
  readonly url?: string;
}

/** Keeps the facts of the route: Fastify makes `request.routeOptions` at each look, and a submit looks three times. */
export function keepRoute(request: FastifyRequest): void {
  request[ROUTE] = request.routeOptions.config;
}

/** The facts of the route that a request has found. */
export const routeFacts = (request: FastifyRequest): RouteFacts =>
  request[ROUTE] ?? request.routeOptions.config;

/** The pattern of the route that a request has found, such as `/jobs/:id`; '' for none. */
export const routeOf = (request: FastifyRequest): string => routeFacts(request).url ?? '';

/** The member of requests that keeps it. Declared before requests come, so that all keep one shape. */
export const ROUTE_MEMBER = ROUTE;

declare module 'fastify' {
  interface FastifyRequest {
    [ROUTE]?: RouteFacts | null;
  }
}
