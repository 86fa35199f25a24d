import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RequestMetrics } from '../../telemetry/metrics/request-metrics.ts';
import { routeOf } from '../request/route.ts';

/** Node tells here of each answer that has been handed over in full. */
const FINISHED = 'http.server.response.finish';

const TIMED = Symbol('timed request');

interface Timed {
  readonly request: FastifyRequest;
  /** Monotonic ms. */
  readonly arrivedAt: number;
  readonly metrics: RequestMetrics;
}

type TimedResponse = ServerResponse & { [TIMED]?: Timed };

export interface RequestTimesOptions {
  readonly metrics: RequestMetrics;
  /** Monotonic ms. */
  readonly now: () => number;
}

/**
 * Times each request from its arrival, which the returned function notes, to the end of its answer. Fastify's hook `onResponse` would
 * add listeners to each answer, which costs a submit about a tenth. An answer that its client did not take in full is not counted.
 */
export function timeRequests(
  app: FastifyInstance,
  { metrics, now }: RequestTimesOptions,
): (request: FastifyRequest, reply: FastifyReply) => void {
  const onFinished = (message: unknown) => {
    const { response } = message as { response: TimedResponse };
    const timed = response[TIMED];
    if (timed === undefined || timed.metrics !== metrics) return;
    const { request, arrivedAt } = timed;
    metrics.record(routeOf(request), request.method, response.statusCode, (now() - arrivedAt) / 1_000);
  };
  subscribe(FINISHED, onFinished);
  app.addHook('onClose', async () => {
    unsubscribe(FINISHED, onFinished);
  });
  return (request, { raw }) => {
    (raw as TimedResponse)[TIMED] = { request, arrivedAt: now(), metrics };
  };
}
