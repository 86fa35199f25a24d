import BeeQueue from 'bee-queue';
import type { WorkPayload } from '../tasks/_work.ts';
import { serveUntilStopped, workerSettings } from './life.ts';

const CLOSE_MS = 5_000;

// As its README advises for workers: it hears no events and keeps no jobs. It sends events, since there is no other
// way for a result to reach the submitter.
const { socketPath, queue, concurrency, handle } = workerSettings();
const bee = new BeeQueue<WorkPayload>(queue, {
  redis: { path: socketPath },
  getEvents: false,
  storeJobs: false,
});
bee.on('error', (error) => console.error(error));
await bee.ready();
bee.process(concurrency, async ({ data }) => handle(data, 1));
serveUntilStopped(() => bee.close(CLOSE_MS));
