import { fillBy, type JobQueue, QUEUE, startPeers } from './queue.ts';

/** Its numbers stand for the kinds of keys (redis-keys.js of the version in package.json). */
const ROOT = 'redis-smq-800.26';
const PENDING = `${ROOT}:default:1:${QUEUE}`;
const ACKNOWLEDGED = `${ROOT}:default:5:${QUEUE}`;
const PROPERTIES = `${ROOT}:default:13:${QUEUE}`;
const MESSAGES = `${ROOT}:default:14:${QUEUE}`;
const MESSAGE = `${ROOT}:global:24:`;

/** As its publish-message.lua stores a message for a queue; an id is as long as a UUID. */
const FILL = `
local time = redis.call('TIME')
local now = time[1] .. string.format('%03d', math.floor(time[2] / 1000))
local target = '{"name":"${QUEUE}","ns":"default"}'
local tail = ',"priority":null,"scheduledCron":null,"scheduledDelay":null,"scheduledRepeatPeriod":null,'
  .. '"scheduledRepeat":0,"exchange":{"params":' .. target .. ',"type":0,"exchangeTag":"' .. string.rep('e', 36)
  .. '"},"destinationQueue":' .. target .. ',"consumerGroupId":null}'
local first, last = tonumber(ARGV[1]), tonumber(ARGV[2])
for i = first, last do
  local id = string.format('00000000-0000-4000-8000-%012d', i)
  redis.call('HSET', '${MESSAGE}' .. id, '1', 1, '3', '{"createdAt":' .. now
    .. ',"ttl":0,"retryThreshold":3,"retryDelay":60000,"consumeTimeout":0,"body":{"i":' .. i .. ARGV[4] .. tail,
    '2', '{"uuid":"' .. id .. '","publishedAt":' .. now .. ',"scheduledAt":null,"lastScheduledAt":null,'
    .. '"scheduledCronFired":false,"scheduledTimes":0,"attempts":0,"scheduledRepeatCount":0,"expired":false,'
    .. '"nextScheduledDelay":0,"nextRetryDelay":0,"scheduledMessageId":null}')
  redis.call('SADD', '${MESSAGES}', id)
  redis.call('LPUSH', '${PENDING}', id)
end
redis.call('HINCRBY', '${PROPERTIES}', '3', last - first + 1)`;

const RESULTS = `
local found = 0
for _, id in ipairs(redis.call('LRANGE', '${ACKNOWLEDGED}', 0, -1)) do
  found = found + redis.call('EXISTS', '${MESSAGE}' .. id)
end
return found`;

export const redisSmq: JobQueue = {
  id: 'redis-smq',
  label: 'redis-smq',
  fill: (redis, filling) => fillBy(FILL, redis, filling),
  startWorkers: (bed, crew) => startPeers(bed, 'worker-redis-smq.ts', crew),
  finished: async (redis) => Number(await redis.call('LLEN', ACKNOWLEDGED)),
  results: async (redis) => Number(await redis.call('EVAL', RESULTS, 0)),
};
