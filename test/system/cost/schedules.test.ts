import { describe, expect, it } from 'vitest';
import { useRedis } from '../../helpers/redis/server.ts';
import { useSchedules } from '../../helpers/schedules/scheduler.ts';

const redis = useRedis();
const schedules = useSchedules(redis);

/** What Redis was asked while the pass ran, by command; scripts are named by what they call. */
async function asked(
  pass: () => Promise<number>,
): Promise<{ commands: Record<string, number>; waitMs: number }> {
  await redis.client.config('RESETSTAT');
  const waitMs = await pass();
  const stats = await redis.client.info('commandstats');
  const calls = [...stats.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)];
  const commands = Object.fromEntries(calls.map(([, name = '', count]) => [name, Number(count)]));
  // The test's own.
  delete commands['config|resetstat'];
  return { commands, waitMs };
}

describe('a look at the schedules costs Redis', () => {
  it('one command a second where there are none', async () => {
    const firer = schedules.newFirer();
    expect(await asked(firer.run)).toEqual({ commands: { hgetall: 1 }, waitMs: 1_000 });
  });

  it('one more for each queue that has some, where none is due', async () => {
    for (const id of ['a', 'b', 'c']) {
      await schedules.scheduler.put(id, {
        every: '1h',
        job: { task: 'echo', queue: id === 'c' ? 'two' : 'one' },
      });
    }
    // The first pass mends, too: in one process of all, once a minute.
    const first = await asked(schedules.newFirer().run);
    expect(first.commands).toMatchObject({ hscan: 2, hmget: 2 });
    const firer = schedules.newFirer();
    expect((await asked(firer.run)).commands).not.toHaveProperty('hscan');
    const { commands, waitMs } = await asked(firer.run);
    expect(commands).toMatchObject({ hgetall: 1, evalsha: 2 });
    expect(commands).not.toHaveProperty('hscan');
    expect(waitMs).toBeGreaterThanOrEqual(1_000);
    expect(waitMs).toBeLessThan(1_100);
  });
});
