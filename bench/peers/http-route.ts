import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { SubmitJob } from '../../src/schemas/job.ts';
import { serve } from '../serve.ts';

/** What a submitted job gets as its answer. */
const Accepted = { type: 'object', properties: { id: { type: 'string' } } } as const;

export interface Count {
  readonly do: 'count';
}

/**
 * Serves `POST /jobs` with a route that checks the body by the schema of Millrace and answers 202 with the id that
 * `submit` gives. The bench may `ask` for its `port`, and `count` the jobs that were submitted.
 */
export async function serveRoute(submit: (job: SubmitJob) => string | Promise<string>): Promise<void> {
  const app = Fastify({ logger: false });
  let count = 0;
  app.post<{ Body: SubmitJob }>(
    '/jobs',
    { schema: { body: SubmitJob, response: { 202: Accepted } } },
    async (request, reply) => {
      const id = await submit(request.body);
      count += 1;
      return reply.code(202).send({ id });
    },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  serve({ port: () => port, count: () => count });
}
