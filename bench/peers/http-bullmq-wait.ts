// What one writes to answer with the result of a BullMQ job: a route that adds it and waits for its end.
import type { AddressInfo } from 'node:net';
import { Queue, QueueEvents } from 'bullmq';
import Fastify from 'fastify';
import { SubmitJob } from '../../src/schemas/job.ts';
import { serve } from '../serve.ts';
import { producerSettings } from './producer.ts';

const WAIT_MS = 10_000;
const Done = {
  type: 'object',
  properties: { id: { type: 'string' }, status: { type: 'string' }, result: {} },
} as const;

const { socketPath, queue: name } = producerSettings();
const connection = { path: socketPath, maxRetriesPerRequest: null };
const queue = new Queue(name, { connection });
const events = new QueueEvents(name, { connection });
// Each wait listens.
events.setMaxListeners(0);
queue.on('error', (error) => console.error(error));
events.on('error', (error) => console.error(error));
await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);

const app = Fastify({ logger: false });
app.post<{ Body: SubmitJob }>(
  '/jobs',
  { schema: { body: SubmitJob, response: { 200: Done } } },
  async ({ body }) => {
    const job = await queue.add(body.task, body.payload);
    return { id: job.id, status: 'completed', result: await job.waitUntilFinished(events, WAIT_MS) };
  },
);
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;
serve({ port: () => port });
