import { Configuration, Consumer, EQueueDeliveryModel, EQueueType, Queue } from 'redis-smq';
import { ERedisConfigClient, type ICallback } from 'redis-smq-common';
import type { WorkPayload } from '../tasks/_work.ts';
import { serveUntilStopped, workerSettings } from './life.ts';

// It consumes one message at a time for each Consumer, so there are as many as the concurrency asks for. A message has
// no result: acknowledged ones are kept, so that one can at least see that they are done. Without log and event bus.
const { socketPath, queue: name, concurrency, handle } = workerSettings();
Configuration.getSetConfig({
  redis: { client: ERedisConfigClient.REDIS, options: { socket: { path: socketPath } } },
  messages: { store: { acknowledged: true } },
  logger: { enabled: false },
  eventBus: { enabled: false },
});

const done = (call: (cb: ICallback<unknown>) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()));
  });

await done((cb) => new Queue().save(name, EQueueType.FIFO_QUEUE, EQueueDeliveryModel.POINT_TO_POINT, cb));
const consumers = Array.from({ length: concurrency }, () => new Consumer());
await Promise.all(
  consumers.map(async (consumer) => {
    const onMessage = ({ body }: { body: unknown }, cb: ICallback<void>) => {
      Promise.resolve(handle(body as WorkPayload, 1)).then(() => cb(), cb);
    };
    await done((cb) => consumer.consume(name, onMessage, cb));
    await done((cb) => consumer.run(cb));
  }),
);
serveUntilStopped(() => Promise.all(consumers.map((consumer) => done((cb) => consumer.shutdown(cb)))));
