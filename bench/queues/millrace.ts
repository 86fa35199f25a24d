import { queueKeys } from '../../src/redis/keys.ts';
import { countKeys, fillBy, type JobQueue, TASKS_DIR } from './queue.ts';

const keys = queueKeys('mr', 'default');

/** A plain submit is this XADD (redis/scripts/submit.ts). */
const FILL = `
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  redis.call('XADD', '${keys.stream.normal}', '*', 't', ARGV[3], 'p', '{"i":' .. i .. ARGV[4], 'o', '')
end`;

export const millrace: JobQueue = {
  id: 'millrace',
  label: 'Millrace',
  fill: (redis, filling) => fillBy(FILL, redis, filling),
  startWorkers: async (bed, { processes, concurrency, env }) => [
    await bed.startWorker({
      ...env,
      TASKS_DIR,
      PROCESSES: String(processes),
      CONCURRENCY: String(concurrency),
    }),
  ],
  finished: async (redis) => Number(await redis.call('HGET', keys.totals, 'completed')),
  results: (redis) => countKeys(redis, keys.result('*').replace(/[{}]/g, '\\$&')),
};
