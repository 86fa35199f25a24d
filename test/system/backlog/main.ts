// Usage: npm run backlog -- [jobs]
// Fills a queue with a million jobs (or so many), does with it what users and workers do, and shows for how long our scripts have kept
// Redis. On a busy machine single calls take longer than they should: the CPU time for each call, and a second run, tell more.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '../../../src/local/redis-server.ts';
import { connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { scripts } from '../../../src/scripts.ts';
import { startApi } from '../../helpers/api/server.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { untilConnected } from '../../helpers/redis/server.ts';
import { backlogOf, fillBacklog } from './fill.ts';
import { slowlogSettings, slowScripts } from './slow-scripts.ts';
import { tourOf } from './tour.ts';

const AIM_MS = 5;

/** CPU time of Redis since its start, ms, and calls of scripts since the last `CONFIG RESETSTAT`. */
async function usage(redis: Connection): Promise<{ cpuMs: number; calls: number }> {
  const [cpu, stats] = await Promise.all([redis.info('cpu'), redis.info('commandstats')]);
  const seconds = [...cpu.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)].map(([, text]) => Number(text));
  const calls = /cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1];
  return { cpuMs: 1_000 * seconds.reduce((sum, one) => sum + one, 0), calls: Number(calls ?? 0) };
}

const jobs = Number(process.argv[2] ?? 1_000_000);
const dir = await mkdtemp(join(tmpdir(), 'mr-backlog-'));
const server = await startRedis({ dir, persistent: false, settings: slowlogSettings(1) });
const redis = connectForWork({ url: server.url, name: 'backlog', scripts });
await untilConnected(redis);
const { app, origin } = await startApi(server.url, {
  UNKNOWN_TASKS: 'accept',
  DEAD_MAX: '1000000',
  LOG_LEVEL: 'error',
});
try {
  const keys = queueKeys('mr', 'backlog');
  const backlog = backlogOf(jobs);
  await redis.sadd('mr:queues', keys.queue);
  await fillBacklog(redis, keys, backlog, JSON.stringify('x'.repeat(100)));
  console.log(`${jobs} jobs; ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}\n`);
  console.log(
    '| stop | calls | CPU ms each | slowest scripts: longest, second longest ms, calls beyond 5 ms |',
  );
  console.log('|---|---|---|---|');
  const site = { api: { origin }, redis, core: createTestCore(redis), keys, backlog };
  for (const { title, prepare, run } of tourOf(backlog)) {
    await prepare?.(site);
    await redis.call('SLOWLOG', 'RESET');
    await redis.config('RESETSTAT');
    const start = await usage(redis);
    await run(site);
    const { cpuMs, calls } = await usage(redis);
    const each = ((cpuMs - start.cpuMs) / Math.max(1, calls)).toFixed(1);
    const slow = (await slowScripts(redis))
      .slice(0, 3)
      .map(({ name, times: [first = 0, second = 0, ...rest] }) => {
        const over = [first, second, ...rest].filter((time) => time > AIM_MS).length;
        return `${name} ${first.toFixed(1)}, ${second.toFixed(1)}, ${over}`;
      });
    console.log(`| ${title} | ${calls} | ${each} | ${slow.join('; ')} |`);
  }
  console.log(`\nload ${loadavg()[0]?.toFixed(1)}`);
} finally {
  await app.close();
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}
