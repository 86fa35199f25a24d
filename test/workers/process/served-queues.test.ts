import { describe, expect, it, onTestFinished } from 'vitest';
import { inOrder } from '../../../src/redis/keys.ts';
import { ServedQueues } from '../../../workers/process/served-queues.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { createTestIntake, submitNumbers } from '../../helpers/workers/intake.ts';

const redis = useRedis();

async function create(names: readonly string[], wanted: readonly string[]) {
  const core = createTestCore(redis.client);
  const intake = await createTestIntake(redis, names);
  onTestFinished(intake.close);
  const queues = [...intake.queues];
  const parts = { ...intake, queues, wanted, registry: core.queues, keySpace: core.keySpace };
  return { ...intake, core, queues, served: new ServedQueues(parts) };
}

describe('the queues of a process', () => {
  it('change while it runs: it takes from a new one, and no more from one that was dropped', async () => {
    const { served, started, takeLoop, batcher, core, consumer } = await create(['old'], ['*']);
    const [old, fresh] = ['old', 'fresh'].map((name) => core.keySpace.queue(name));
    if (old === undefined || fresh === undefined) throw new Error('two queues');
    let running = true;
    const loop = (async () => {
      while (running) await takeLoop.run();
    })();
    onTestFinished(async () => {
      running = false;
      await takeLoop.stop();
      await loop;
    });
    await submitNumbers(redis, old, [1]);
    await until(() => started.length === 1, 'a job of the old queue');
    served.serve(['fresh']);
    await redis.client.zadd(fresh.leases, Date.now() + 60_000, consumer.name);
    await submitNumbers(redis, fresh, [2]);
    await until(() => started.length === 2, 'a job of the new queue');
    expect(started[1]?.delivery.keys.queue).toBe('fresh');
    await submitNumbers(redis, old, [3]);
    await submitNumbers(redis, fresh, [4]);
    await until(() => started.length === 3, 'another job of the new queue');
    expect(started[2]?.delivery.keys.queue).toBe('fresh');
    // The job of the old queue still runs, so its state stays.
    expect(batcher.states.map(({ keys, isDropped }) => [keys.queue, isDropped])).toEqual([
      ['old', true],
      ['fresh', false],
    ]);
    served.serve(['old']);
    await until(() => started.length === 4, 'the job that waited in the old queue');
  });

  it('drops those that were removed unless QUEUES names them', async () => {
    const { served, queues } = await create(['kept', 'gone', 'named'], ['named', '*']);
    for (const keys of queues) if (keys.queue !== 'kept') await redis.client.del(...inOrder(keys.stream));
    const gone = await served.dropRemoved([...queues]);
    expect(gone.map(({ queue }) => queue)).toEqual(['gone']);
    expect(queues.map(({ queue }) => queue)).toEqual(['kept', 'named']);
  });
});
