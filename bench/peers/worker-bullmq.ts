import { type Job, Worker } from 'bullmq';
import type { WorkPayload } from '../tasks/_work.ts';
import { serveUntilStopped, workerSettings } from './life.ts';

// At its best: one Worker with the concurrency, synchronous work, defaults else; nothing listens to its events.
const { socketPath, queue, concurrency, handle } = workerSettings();
const worker = new Worker(
  queue,
  async ({ data, attemptsMade }: Job<WorkPayload>) => handle(data, attemptsMade + 1),
  { connection: { path: socketPath, maxRetriesPerRequest: null }, concurrency },
);
worker.on('error', (error) => console.error(error));
await worker.waitUntilReady();
serveUntilStopped(() => worker.close());
