// Pipelines of XADD: the most that ioredis can do with a stream.
import { Redis } from 'ioredis';
import { PAYLOAD, TASK } from '../load/job.ts';
import { producerSettings, serveProducer } from './producer.ts';

const { socketPath, queue } = producerSettings();
const redis = new Redis({ path: socketPath });

serveProducer(async (jobs) => {
  const pipeline = redis.pipeline();
  for (let i = 0; i < jobs; i += 1) pipeline.xadd(queue, '*', 't', TASK, 'p', JSON.stringify(PAYLOAD));
  await pipeline.exec();
});
