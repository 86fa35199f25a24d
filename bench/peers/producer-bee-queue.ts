import BeeQueue from 'bee-queue';
import { PAYLOAD } from '../load/job.ts';
import { producerSettings, serveProducer, times } from './producer.ts';

// As its README advises for a process that only submits.
const { socketPath, queue: name } = producerSettings();
const queue = new BeeQueue<string>(name, {
  redis: { path: socketPath },
  isWorker: false,
  getEvents: false,
  sendEvents: false,
  storeJobs: false,
});
queue.on('error', (error) => console.error(error));
await queue.ready();

serveProducer(async (jobs) => {
  const [error] = (await queue.saveAll(times(jobs, () => queue.createJob(PAYLOAD)))).values();
  if (error !== undefined) throw error;
});
