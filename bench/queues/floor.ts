import { countKeys, fillBy, type JobQueue, QUEUE, startPeers } from './queue.ts';

const FILL = `
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  redis.call('XADD', '${QUEUE}', '*', 'p', '{"i":' .. i .. ARGV[4])
end`;

/** What Redis and its client can do at most; no job queue. */
export const floor: JobQueue = {
  id: 'floor',
  label: 'ioredis alone',
  fill: (redis, filling) => fillBy(FILL, redis, filling),
  startWorkers: (bed, crew) => startPeers(bed, 'worker-floor.ts', crew),
  finished: async (redis, submitted) => submitted - Number(await redis.call('XLEN', QUEUE)),
  results: (redis) => countKeys(redis, `${QUEUE}:result:*`),
};
