import { setTimeout as sleep } from 'node:timers/promises';
import { queueKeys } from '../../src/redis/keys.ts';
import type { BedRedis } from '../contract.ts';
import { countKeys, fillBy, type JobQueue, TASKS_DIR } from './queue.ts';

const keys = queueKeys('mr', 'default');

/** A plain submit is this XADD (src/jobs/submit/scripts/append.ts). */
const FILL = `
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  redis.call('XADD', '${keys.stream.normal}', '*', 't', ARGV[3], 'p', '{"i":' .. i .. ARGV[4], 'o', '')
end`;

export const millrace: JobQueue = {
  id: 'millrace',
  label: 'Millrace',
  fill: (redis, filling) => fillBy(FILL, redis, filling),
  startWorkers: async (bed, { processes, concurrency, env }) => {
    const worker = await bed.startWorker({
      ...env,
      TASKS_DIR,
      PROCESSES: String(processes),
      CONCURRENCY: String(concurrency),
    });
    await untilReading(bed.redis, processes);
    return [worker];
  },
  finished: async (redis) => Number(await redis.call('HGET', keys.totals, 'completed')),
  results: (redis) => countKeys(redis, keys.result('*').replace(/[{}]/g, '\\$&')),
};

const READY_MS = 30_000;
const LOOK_EVERY_MS = 20;

/**
 * A lease is there before its process has started: what takes jobs is a process with a read of its own, or one that
 * has finished some that were there before it.
 */
async function untilReading(redis: BedRedis, processes: number): Promise<void> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const clients = String(await redis.call('CLIENT', 'LIST'));
    const reading = clients.match(/ name=\S+-reads .* cmd=xreadgroup /g)?.length ?? 0;
    if (reading >= processes || (await millrace.finished(redis, 0)) > 0) return;
    if (performance.now() > deadline) throw new Error(`${reading} of ${processes} processes take jobs.`);
    await sleep(LOOK_EVERY_MS);
  }
}
