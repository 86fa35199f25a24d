import { describe, expect, it } from 'vitest';
import { QueueFiguresReader } from '../../src/queues/figures.ts';
import { useApi } from '../helpers/api/server.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
/** Without an API, whose loops ask Redis, too. */
const quiet = useRedis();
const api = useApi(redis);
const noWorkers = async () => () => 0;

describe('the figures of queues', () => {
  it('count the jobs of each, and leave no trace in Redis', async () => {
    await api.submit({ task: 'a', queue: 'busy' });
    await api.submit({ task: 'a', queue: 'busy', delay: '1h' });
    await api.http.post('/queues/busy/pause').expect(200);
    const before = await redis.client.dbsize();
    const reader = new QueueFiguresReader(createTestCore(redis.client), async () => () => 3);
    const figures = (await reader.read()).find(({ queue }) => queue === 'busy');
    expect(figures).toMatchObject({
      counts: { queued: 1, scheduled: 1, running: 0, retrying: 0, failed: 0 },
      isPaused: true,
      workers: 3,
    });
    expect(figures?.oldestMs).toBeGreaterThanOrEqual(0);
    expect(await redis.client.dbsize()).toBe(before);
  });

  it('show 1,000 queues by name, and add up the rest', async () => {
    const core = createTestCore(redis.client, { prefix: 'many' });
    const names = Array.from({ length: 1_300 }, (_, i) => `q${String(i).padStart(4, '0')}`);
    await core.queues.register(names);
    const submit = (queue: string) =>
      redis.client.xadd(core.keySpace.queue(queue).stream.normal, '*', 't', 'a', 'p', '1', 'o', '');
    for (const queue of ['q0000', 'q1000', 'q1299']) await submit(queue);
    const reader = new QueueFiguresReader(core, noWorkers);
    const first = await reader.read();
    expect(first).toHaveLength(1_001);
    expect(await redis.client.exists(core.keySpace.queue('q0000').samples)).toBe(0);
    const queuedIn = (figures: typeof first, name: string) =>
      figures.find(({ queue }) => queue === name)?.counts.queued;
    expect([queuedIn(first, 'q0000'), queuedIn(first, 'q1000'), queuedIn(first, 'other')]).toEqual([
      1,
      undefined,
      1,
    ]);
    // The rest are read in turn.
    const second = await reader.read();
    expect(queuedIn(second, 'other')).toBe(2);
    // A queue may have that name itself.
    await core.queues.register(['other']);
    await submit('other');
    const third = await reader.read();
    expect(third.filter(({ queue }) => queue === 'other')).toHaveLength(1);
  });

  it('no longer add up a queue that was removed', async () => {
    const core = createTestCore(redis.client, { prefix: 'fewer' });
    const names = Array.from({ length: 1_002 }, (_, i) => `q${String(i).padStart(4, '0')}`);
    await core.queues.register(names);
    const [last = '', nextToLast = ''] = names.toReversed();
    for (const queue of [last, nextToLast]) {
      await redis.client.xadd(core.keySpace.queue(queue).stream.normal, '*', 't', 'a', 'p', '1', 'o', '');
    }
    const reader = new QueueFiguresReader(core, noWorkers);
    const restOf = async () => (await reader.read()).find(({ queue }) => queue === 'other')?.counts.queued;
    expect(await restOf()).toBe(2);
    await core.queues.unlist(last);
    // It still has a stream, so it comes back.
    expect(await restOf()).toBe(2);
    await redis.client.del(core.keySpace.queue(last).stream.normal);
    await core.queues.unlist(last);
    expect(await restOf()).toBe(1);
    await redis.client.del(core.keySpace.queue(nextToLast).stream.normal);
    await core.queues.unlist(nextToLast);
    expect(await restOf()).toBeUndefined();
  });

  it('end in time when Redis is slow', async () => {
    const core = createTestCore(redis.client);
    let now = 0;
    const monotonic = () => {
      now += 3_001;
      return now;
    };
    const reader = new QueueFiguresReader({ ...core, clock: { ...core.clock, monotonic } }, noWorkers);
    await expect(reader.read()).rejects.toThrow('too slow');
  });

  it('take no command that grows with the number of jobs', async () => {
    const core = createTestCore(quiet.client, { prefix: 'long' });
    await core.queues.register(['q']);
    const lane = core.keySpace.queue('q').stream.normal;
    const reader = new QueueFiguresReader(core, noWorkers);
    const costOf = async () => {
      await quiet.client.config('RESETSTAT');
      await reader.read();
      const stats = await quiet.client.info('commandstats');
      const commands = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(
        ([, name, calls]) => `${name} ${calls}`,
      );
      return commands.filter((one) => !/^(config|info|hello|client)/.test(one)).sort();
    };
    const fill = `for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 't', 'a', 'p', '1', 'o', '') end`;
    await quiet.client.eval(fill, 1, lane, 10);
    // Redis gets the script.
    await reader.read();
    const few = await costOf();
    await quiet.client.eval(fill, 1, lane, 20_000);
    expect(await costOf()).toEqual(few);
    const names = few.map((one) => one.split(' ')[0] ?? '');
    expect(names.filter((name) => /^(keys|scan|hscan|zscan|smembers|lrange|memory)/.test(name))).toEqual([
      'smembers',
    ]);
  });
});
