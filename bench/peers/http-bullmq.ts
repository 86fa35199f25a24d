// What one writes to put BullMQ behind HTTP: a route that adds the job that it was sent.
import { Queue } from 'bullmq';
import { serveRoute } from './http-route.ts';
import { producerSettings } from './producer.ts';

const { socketPath, queue: name } = producerSettings();
const queue = new Queue(name, {
  connection: { path: socketPath, enableAutoPipelining: process.env['AUTO_PIPELINING'] === 'true' },
});
queue.on('error', (error) => console.error(error));
await queue.waitUntilReady();

await serveRoute(async ({ task, payload }) => {
  const { id } = await queue.add(task, payload);
  if (id === undefined) throw new Error('BullMQ gave no id');
  return id;
});
