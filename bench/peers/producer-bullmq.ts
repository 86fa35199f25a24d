import { Queue } from 'bullmq';
import { PAYLOAD, TASK } from '../load/job.ts';
import { producerSettings, serveProducer, times } from './producer.ts';

const { socketPath, queue: name } = producerSettings();
const queue = new Queue(name, { connection: { path: socketPath } });
queue.on('error', (error) => console.error(error));
await queue.waitUntilReady();

serveProducer((jobs) => queue.addBulk(times(jobs, () => ({ name: TASK, data: PAYLOAD }))));
