import { beforeAll, describe, expect, it } from 'vitest';
import { inOrder, queueKeys } from '../../../src/redis/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { backlogOf, fillBacklog } from './fill.ts';
import { slowlogSettings, slowScripts } from './slow-scripts.ts';
import type { Site, Stop } from './stops/site.ts';
import { tourOf } from './tour.ts';

/**
 * No script may keep Redis from everybody else, however much a request asks for and however much waits. Work is counted:
 * a busy machine changes nothing. Only the last bound is a time, and a generous one; `npm run backlog` looks at times.
 */
const MOST_JOBS_PER_CALL = 200;
const MOST_COMMANDS_PER_CALL = 1_000;
const MOST_MS = 250;

const JOBS = 100_000;

const redis = useRedis({ settings: slowlogSettings(2) });
const api = useApi(redis, { UNKNOWN_TASKS: 'accept', DEAD_MAX: '100000' });
const backlog = backlogOf(JOBS);
let site: Site;

/** Calls of scripts, and commands that they and others sent, while `work` ran. */
async function counted(work: () => Promise<unknown>): Promise<{ scripts: number; commands: number }> {
  await redis.client.config('RESETSTAT');
  await work();
  const stats = await redis.client.info('commandstats');
  const calls = [...stats.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)];
  const isScript = (name: string) => name === 'evalsha' || name === 'eval';
  const sum = (isMeant: (name: string) => boolean) =>
    calls.reduce((total, [, name = '', count]) => total + (isMeant(name) ? Number(count) : 0), 0);
  return { scripts: sum(isScript), commands: sum((name) => !isScript(name)) };
}

/** Checks that the work went in bounded steps. */
async function expectSteps({ jobs, perCall = MOST_JOBS_PER_CALL, prepare, run }: Stop): Promise<void> {
  await prepare?.(site);
  const { scripts, commands } = await counted(() => run(site));
  expect(scripts).toBeGreaterThanOrEqual(jobs / perCall);
  expect(commands / scripts).toBeLessThan(MOST_COMMANDS_PER_CALL);
}

beforeAll(async () => {
  const keys = queueKeys('mr', 'backlog');
  site = { api, redis: redis.client, core: createTestCore(redis.client), keys, backlog };
  await redis.client.sadd('mr:queues', keys.queue);
  await fillBacklog(redis.client, keys, backlog);
  await redis.client.call('SLOWLOG', 'RESET');
}, 120_000);

describe('with a long backlog, in bounded steps', () => {
  for (const stop of tourOf(backlog)) it(stop.title, () => expectSteps(stop));

  it('an empty queue is removed', async () => {
    const { keys } = site;
    const places = [keys.stream, keys.due, keys.dead].flatMap(inOrder);
    await redis.client.del(...places, keys.scheduled, keys.holds, keys.leases);
    const { scripts, commands } = await counted(() => api.http.delete(`/queues/${keys.queue}`).expect(204));
    // The upkeep of the API may call a script of its own in between. For the jobs that were there it took hundreds.
    expect(scripts).toBeLessThan(5);
    expect(commands).toBeLessThan(100);
  });

  it('no script keeps Redis for long', async () => {
    const slow = (await slowScripts(redis.client)).filter(({ times }) => (times[0] ?? 0) > MOST_MS);
    expect(slow).toEqual([]);
  });
});
