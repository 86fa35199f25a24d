import type { FastifyRequest } from 'fastify';

/** The pattern of the route that a request has found, such as `/jobs/:id`; '' for none. */
export const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? '';
