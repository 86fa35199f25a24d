import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Leases } from '../../../src/leases/leases.ts';
import { LongPolls } from '../../../src/leases/take/long-polls.ts';
import { WorkWatch } from '../../../src/leases/take/work-watch.ts';
import { BlockingReader } from '../../../src/redis/blocking-reader.ts';
import { connectForBlocking } from '../../../src/redis/connect.ts';
import { scripts } from '../../../src/scripts.ts';
import { useApi } from '../../helpers/api/server.ts';
import { newQueue, post, submitMany, takeOne } from '../../helpers/leases/http-worker.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

let watch: WorkWatch;
let close: () => Promise<void>;

beforeAll(() => {
  const blocking = connectForBlocking({ url: redis.url, name: 'test-polls', scripts });
  watch = new WorkWatch(new BlockingReader(blocking, redis.client), redis.client);
  close = async () => {
    await watch.close();
    blocking.disconnect();
  };
});
afterAll(() => close());

/** Polls whose requesters go as soon as something was taken for them. */
class Leaving extends LongPolls {
  override take(...[queues, waitMs, , take]: Parameters<LongPolls['take']>): ReturnType<LongPolls['take']> {
    let leave = () => {};
    const leaving = {
      onDisconnect: (gone: () => void) => {
        leave = gone;
      },
    };
    return super.take(queues, waitMs, leaving, async (from) => {
      const taking = await take(from);
      leave();
      return taking;
    });
  }
}

const isFree = async (queue: string) => (await redis.client.zcard(`mr:{${queue}}:leases`)) === 0;

describe('jobs that were taken for nobody', () => {
  it.each([
    ['in a look at once', 0],
    ['for one that waits', 10_000],
  ])('%s are handed back: no attempt is spent, and the lease ends', async (_, waitMs) => {
    const queue = newQueue();
    const ids = await submitMany(api, queue, 2);
    const polls = new Leaving(api.app.core.keySpace, watch, 10);
    const leases = new Leases(api.app.core, polls);
    const poll = { queues: [queue], max: 2, leaseMs: 60_000, worker: undefined, tasks: undefined };
    const { jobs } = await leases.take(poll, waitMs, { onDisconnect: () => undefined });
    expect(jobs).toEqual([]);
    await until(() => isFree(queue), 'the end of the lease');
    polls.stop();
    for (const id of ids) {
      expect((await takeOne(api, { queues: [queue] })).job).toMatchObject({ id, attempt: 1 });
    }
  });

  it('since another queue failed are handed back too', async () => {
    const [queue, broken] = [newQueue(), newQueue()];
    const [id] = await submitMany(api, queue, 1);
    const lane = `mr:{${broken}}:lane:normal`;
    await redis.client.set(lane, 'no stream');
    expect((await post(api, '/leases', { queues: [queue, broken], max: 2 })).status).toBe(500);
    await redis.client.del(lane);
    await until(() => isFree(queue), 'the end of the lease');
    expect((await takeOne(api, { queues: [queue] })).job).toMatchObject({ id, attempt: 1 });
  });
});
