import { fillBy, type JobQueue, QUEUE, startPeers } from './queue.ts';

const root = `bq:${QUEUE}`;

/** As its addJob.lua stores a job. */
const FILL = `
local time = redis.call('TIME')
local options = '"options":{"timestamp":' .. time[1] .. '000,"stacktraces":[]},"status":"created","progress":0}'
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local id = redis.call('INCR', '${root}:id')
  redis.call('HSET', '${root}:jobs', id, '{"data":{"i":' .. i .. ARGV[4] .. ',' .. options)
  redis.call('LPUSH', '${root}:waiting', id)
end`;

export const beeQueue: JobQueue = {
  id: 'bee-queue',
  label: 'bee-queue',
  fill: (redis, filling) => fillBy(FILL, redis, filling),
  startWorkers: (bed, crew) => startPeers(bed, 'worker-bee-queue.ts', crew),
  finished: async (redis) => Number(await redis.call('SCARD', `${root}:succeeded`)),
  results: async (redis) => Number(await redis.call('EVAL', RESULTS, 0)),
};

/** It stores no result, only that the job succeeded. */
const RESULTS = `
local found = 0
for _, text in ipairs(redis.call('HVALS', '${root}:jobs')) do
  if string.find(text, '"status":"succeeded"', 1, true) then found = found + 1 end
end
return found`;
