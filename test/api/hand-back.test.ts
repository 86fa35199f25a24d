import { afterEach, expect, it, vi } from 'vitest';
import { LeasedConsumer } from '../../src/queue/leased.ts';
import { useApi } from '../helpers/api.ts';
import { newQueue, takeOne } from '../helpers/http-work.ts';
import { useRedis } from '../helpers/redis.ts';
import { consumersOf } from '../helpers/stored.ts';

const redis = useRedis();
const api = useApi(redis);

afterEach(() => vi.restoreAllMocks());

const wish = (queues: string[]) => ({ queues, max: 2, leaseMs: 60_000, worker: undefined, tasks: undefined });

/** Calls back when the next jobs have been taken, before anybody has heard of them. */
function onTaken(taken: () => void): void {
  const serve = LeasedConsumer.prototype.serve;
  vi.spyOn(LeasedConsumer.prototype, 'serve').mockImplementationOnce(async function (
    this: LeasedConsumer,
    ...args
  ) {
    const served = await serve.apply(this, args);
    taken();
    return served;
  });
}

it.each([0, 20_000])(
  'jobs for one that goes while they are taken are handed back, waitMs %i',
  async (waitMs) => {
    const queue = newQueue();
    const { id } = await api.submit({ queue, task: 'work' });
    const leave = () => undefined as unknown;
    onTaken(() => leave());
    const asker = { onGone: (gone: () => void) => void leave.push(gone) };
    expect((await api.app.leases.take(wish([queue]), waitMs, asker)).jobs).toEqual([]);
    expect((await takeOne(api, { queues: [queue] })).job).toMatchObject({ id, attempt: 1 });
    // The lease of the one that has gone is over.
    await expect.poll(() => consumersOf(redis, queue)).toHaveLength(1);
  },
);

it('jobs of one queue are handed back when the next queue cannot be asked', async () => {
  const [one, two] = [newQueue(), newQueue()];
  const { id } = await api.submit({ queue: one, task: 'work' });
  onTaken(() => {
    vi.spyOn(LeasedConsumer.prototype, 'serve').mockRejectedValueOnce(new Error('away'));
  });
  const stays = { onGone: () => undefined };
  await expect(api.app.leases.take(wish([one, two]), 0, stays)).rejects.toThrow('away');
  expect((await takeOne(api, { queues: [one] })).job).toMatchObject({ id, attempt: 1 });
});
