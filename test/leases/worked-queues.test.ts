import { describe, expect, it } from 'vitest';
import { WorkedQueueRecorder } from '../../src/leases/worked-queues.ts';
import { newQueue } from '../helpers/leases/http-worker.ts';
import { useLeaseQueues } from '../helpers/leases/lease-queues.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const queues = useLeaseQueues(redis);

function newRecorder() {
  let now = 0;
  const recorder = new WorkedQueueRecorder({
    ...queues.core,
    clock: { wall: () => Date.now(), monotonic: () => now },
  });
  const pass = (ms: number) => {
    now += ms;
  };
  return { recorder, pass };
}

const isServed = async (queue: string) =>
  (await redis.client.zscore(queues.core.keySpace.httpQueues, queue)) !== null;

describe('a record of worked queues', () => {
  it('registers the queues and announces the tasks', async () => {
    const queue = newQueue();
    await newRecorder().recorder.record([queue], ['resize']);
    expect(await queues.core.queues.names()).toContain(queue);
    expect(await isServed(queue)).toBe(true);
    const known = await queues.core.tasks.refresh(queues.core.keySpace.queue(queue));
    expect(known.liveNames).toEqual(['resize']);
  });

  it('is repeated after a minute, or for other tasks', async () => {
    const queue = newQueue();
    const { recorder, pass } = newRecorder();
    const isRecordedAgain = async (tasks?: string[]) => {
      await redis.client.zrem(queues.core.keySpace.httpQueues, queue);
      await recorder.record([queue], tasks);
      return isServed(queue);
    };
    expect(await isRecordedAgain()).toBe(true);
    pass(60_000);
    expect(await isRecordedAgain()).toBe(false);
    expect(await isRecordedAgain(['resize'])).toBe(true);
    expect(await isRecordedAgain(['resize'])).toBe(false);
    pass(1);
    expect(await isRecordedAgain()).toBe(true);
  });

  it('is tried again when it fails', async () => {
    const queue = newQueue();
    const { recorder } = newRecorder();
    const tasks = queues.core.keySpace.queue(queue).tasks;
    await redis.client.set(tasks, 'not a hash');
    await expect(recorder.record([queue], ['resize'])).rejects.toThrow('WRONGTYPE');
    await redis.client.del(tasks);
    await recorder.record([queue], ['resize']);
    expect(await redis.client.hexists(tasks, 'resize')).toBe(1);
  });
});
