import { describe, expect, it } from 'vitest';
import { ensureGroups } from '../../../src/lifecycle/scripts/ensure-groups.ts';
import { extendLease } from '../../../src/lifecycle/scripts/extend-lease.ts';
import { Recoverer } from '../../../src/maintenance/recoverer.ts';
import { Sweeper } from '../../../src/maintenance/sweeper.ts';
import { redisTime } from '../../../src/redis/server-time.ts';
import { Firer } from '../../../src/schedules/firer.ts';
import { LeaseRenewer } from '../../../workers/supervisor/lease-renewer.ts';
import { ServedQueues } from '../../../workers/supervisor/served-queues.ts';
import { TaskAnnouncer } from '../../../workers/supervisor/task-announcer.ts';
import { useApi } from '../../helpers/api/server.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { namedQueues } from '../../helpers/workers/named-queues.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

const LEASE_MS = 15_000;
/** Commands of what the parent process of an idle worker repeats: where it is alone, and among many. Sweeps come by chance. */
const ALONE_PER_SECOND = 4.5;
const AMONG_MANY_PER_SECOND = 2.4;
const MANY = 20;

/** Commands of a new worker with four processes and of an API, while one delayed job waits and runs; polls would be many more. */
const WORKER_AND_API_PER_SECOND = 60;
const DELAY_MS = 5_000;
/** A worker that learns of a delayed job only when it is due anyway would be later. */
const MOST_LATE_MS = 1_500;

const redis = useRedis();
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });

async function calls(): Promise<number> {
  const stats = await redis.client.info('commandstats');
  return [...stats.matchAll(/calls=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Commands a second of a pass that is repeated as often as it says. */
async function rateOf(pass: () => Promise<number>): Promise<number> {
  // The first pass finds what all others know.
  await pass();
  let delayMs = 0;
  const before = await calls();
  // A sweep takes several passes, one soon after the other.
  do delayMs = await pass();
  while (delayMs < 1_000);
  // One is the question itself.
  return (1_000 * ((await calls()) - before - 1)) / delayMs;
}

/** What the parent of a worker with one process repeats, in a queue with so many workers. */
async function rateAmong(workers: number): Promise<number> {
  const core = createTestCore(redis.client);
  const keys = core.keySpace.queue(`idle-${workers}`);
  const consumers = Array.from({ length: workers }, (_, i) => `worker.${i}`);
  await ensureGroups(redis.client, keys);
  await extendLease(redis.client, keys, 'new', consumers, LEASE_MS);
  const supervisor = { livingConsumers: () => consumers.slice(0, 1), send: () => undefined };
  const passes = [
    new Recoverer(core, () => [keys], 1).run,
    new Sweeper(core, () => [keys], 1).run,
    new LeaseRenewer({
      core,
      queues: [keys],
      supervisor,
      leaseMs: LEASE_MS,
      onLost: () => undefined,
    }).run,
    new TaskAnnouncer(core, namedQueues([keys]), new Map()).run,
    new Firer(core, 10_000).run,
  ];
  let perSecond = 0;
  for (const pass of passes) perSecond += await rateOf(pass);
  return perSecond;
}

describe('an idle worker sends Redis few commands', () => {
  it('where it is alone, and fewer where many look after the queue', async () => {
    const rates = [await rateAmong(1), await rateAmong(MANY)] as const;
    console.log({ rates });
    expect(rates[0]).toBeLessThan(ALONE_PER_SECOND);
    expect(rates[1]).toBeLessThan(AMONG_MANY_PER_SECOND);
  });

  it('and for its patterns one in two seconds, however many queues there are', async () => {
    const core = createTestCore(redis.client, { prefix: 'many' });
    await core.queues.register(Array.from({ length: 500 }, (_, i) => `q${i}`));
    const handlers = { onJoin: async () => undefined, onRead: () => undefined, onLeave: () => undefined };
    expect(await rateOf(new ServedQueues(core, ['q*'], handlers).run)).toBeLessThan(0.6);
  });

  it('and starts a delayed job in time all the same', async () => {
    const worker = await startWorker(redis.url, { QUEUES: 'idle', PROCESSES: '4', LOG_LEVEL: 'info' });
    const from = { calls: await calls(), at: await redisTime(redis.client) };
    const { id } = await api.submit({ task: 'echo', queue: 'idle', delay: DELAY_MS });
    const { startedAt = '', createdAt } = await api.finished(id);
    const lateMs = Date.parse(startedAt) - Date.parse(createdAt) - DELAY_MS;
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(MOST_LATE_MS);
    const perSecond = ((await calls()) - from.calls) / (((await redisTime(redis.client)) - from.at) / 1_000);
    console.log({ perSecond });
    expect(perSecond).toBeLessThan(WORKER_AND_API_PER_SECOND);
    expect(await worker.stop()).toBe(0);
  });
});
