import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkWatch } from '../../src/events/work-watch.ts';
import { Leases } from '../../src/queue/leases.ts';
import { Polls } from '../../src/queue/polls.ts';
import { BlockingReader } from '../../src/redis/blocking.ts';
import { connectForBlocking } from '../../src/redis/connect.ts';
import { useApi } from '../helpers/api.ts';
import { newQueue, post, submitMany, takeOne } from '../helpers/http-work.ts';
import { until, useRedis } from '../helpers/redis.ts';

const redis = useRedis();
const api = useApi(redis);

let watch: WorkWatch;
let close: () => Promise<void>;

beforeAll(() => {
  const blocking = connectForBlocking({ url: redis.url, name: 'test-polls' });
  watch = new WorkWatch(new BlockingReader(blocking, redis.client), redis.client);
  close = async () => {
    await watch.close();
    blocking.disconnect();
  };
});
afterAll(() => close());

/** Polls whose askers go as soon as something was taken for them. */
class Leaving extends Polls {
  override take(...[queues, waitMs, , take]: Parameters<Polls['take']>): ReturnType<Polls['take']> {
    let leave = () => {};
    const leaving = {
      onGone: (gone: () => void) => {
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
    const leases = new Leases(api.app.core, polls, 10);
    const poll = { queues: [queue], max: 2, leaseMs: 60_000, worker: undefined, tasks: undefined };
    const { jobs } = await leases.take(poll, waitMs, { onGone: () => undefined });
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
