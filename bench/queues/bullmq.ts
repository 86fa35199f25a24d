import { fillBy, type JobQueue, QUEUE, startPeers } from './queue.ts';

const root = `bull:${QUEUE}`;

/** As addStandardJob-9.lua stores a job of `queue.add`; a marker wakes the workers. */
const FILL = `
local opts = ARGV[3] == 'flaky' and '{"attempts":3}' or '{"attempts":0}'
local time = redis.call('TIME')
local now = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local id = redis.call('INCR', '${root}:id')
  redis.call('HMSET', '${root}:' .. id, 'name', ARGV[3], 'data', '{"i":' .. i .. ARGV[4], 'opts', opts,
    'timestamp', now, 'delay', 0, 'priority', 0)
  redis.call('LPUSH', '${root}:wait', id)
end
redis.call('ZADD', '${root}:marker', 0, '0')`;

export const bullmq: JobQueue = {
  id: 'bullmq',
  label: 'BullMQ',
  fill: (redis, filling) => fillBy(FILL, redis, filling),
  startWorkers: (bed, crew) => startPeers(bed, 'worker-bullmq.ts', crew),
  finished: async (redis) => Number(await redis.call('ZCARD', `${root}:completed`)),
  results: async (redis) => Number(await redis.call('EVAL', RESULTS, 0)),
};

const RESULTS = `
local found = 0
for _, id in ipairs(redis.call('ZRANGE', '${root}:completed', 0, -1)) do
  found = found + redis.call('HEXISTS', '${root}:' .. id, 'returnvalue')
end
return found`;
