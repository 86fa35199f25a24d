// An old program: fills queues of BullMQ at BULLMQ_REDIS_URL with jobs in every state in which one can wait.
import { FlowProducer, Queue, Worker } from 'bullmq';

const connection = { url: process.env.BULLMQ_REDIS_URL, maxRetriesPerRequest: null };
const [name, count] = process.argv.slice(2);
const queue = new Queue(name, { connection });

// One of these has failed once and waits for its second attempt.
await queue.add(
  'mail',
  { to: 'failed' },
  { attempts: 4, backoff: { type: 'exponential', delay: 3_600_000 } },
);
const worker = new Worker(
  name,
  async () => {
    throw new Error('no network');
  },
  { connection },
);
await new Promise((resolve) => worker.once('failed', resolve));
await worker.close();

await queue.add('mail', { to: 'later' }, { delay: 3_600_000, jobId: 'order-17/ä' });
await queue.addBulk(
  Array.from({ length: Number(count) }, (_, number) => ({ name: 'mail', data: { to: String(number) } })),
);
await queue.add('mail', { to: 'second' }, { priority: 2, attempts: 3, backoff: 5_000 });
await queue.add('mail', { to: 'first' }, { priority: 1 });
await queue.add('no task', { to: 'nobody' });
await queue.upsertJobScheduler(
  'nightly',
  { pattern: '0 30 2 * * *', tz: 'Europe/Berlin' },
  { name: 'mail', data: 1 },
);
await queue.upsertJobScheduler(
  'often',
  { every: 600_000, limit: 7 },
  { name: 'mail', data: { to: 'due' }, opts: { attempts: 2 } },
);
const flows = new FlowProducer({ connection });
await flows.add({
  name: 'mail',
  queueName: name,
  children: [{ name: 'mail', data: { to: 'child' }, queueName: name }],
});
await flows.close();
await queue.close();
