import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';
import { MOST_TASKS } from './announce.ts';

/** Releases of one task that were announced over HTTP. */
export const MOST_HTTP_RELEASES = 20;
/** Characters of all announcements of a queue: each API process reads them every two seconds. */
const MOST_LENGTH = 1_048_576;

/**
 * Announces one release of a task. When the task has too many, the one that nobody has renewed for longest goes, unless
 * its workers may still run.
 *
 * `tail`: the announcement as JSON without its first brace; `others`: how the fields of the releases begin. Returns 1, or 0
 * when the queue has too many announcements.
 */
export const announceOverHttpScript = defineScript({
  name: 'announce-over-http',
  queueKeys: ['tasks'],
  args: ['release', 'others', 'tail', 'liveMs', 'maxTasks', 'maxLength', 'maxReleases'],
  uses: [now],
  lua: `
local stored = redis.call('HGET', tasks, release)
local since = stored and string.match(stored, '^{"at":%d+,"since":(%d+),')
if not stored then
  local count = redis.call('HLEN', tasks)
  if count > tonumber(maxTasks) then return 0 end
  local length, releases, oldest, oldestAt = #tail, 0, nil, now
  for _, field in ipairs(redis.call('HKEYS', tasks)) do
    length = length + redis.call('HSTRLEN', tasks, field)
    if string.sub(field, 1, #others) == others then
      releases = releases + 1
      local at = tonumber(string.match(redis.call('HGET', tasks, field), '^{"at":(%d+)') or 0)
      if at < oldestAt then oldest, oldestAt = field, at end
    end
  end
  local mustGo = releases >= tonumber(maxReleases)
  if mustGo and (not oldest or now - oldestAt < tonumber(liveMs)) then return 0 end
  if mustGo then
    count = count - 1
    length = length - redis.call('HSTRLEN', tasks, oldest)
  end
  if count >= tonumber(maxTasks) or length > tonumber(maxLength) then return 0 end
  if mustGo then redis.call('HDEL', tasks, oldest) end
end
redis.call('HSET', tasks, release, '{"at":' .. now .. ',"since":' .. (since or now) .. ',' .. tail)
return 1
`,
});

/** False when the queue has too many announcements. */
export async function announceRelease(
  redis: Connection,
  queue: QueueKeys,
  { release, others, tail, liveMs }: { release: string; others: string; tail: string; liveMs: number },
): Promise<boolean> {
  const args = { maxTasks: MOST_TASKS, maxLength: MOST_LENGTH, maxReleases: MOST_HTTP_RELEASES };
  const done = await announceOverHttpScript.run(redis, { queue }, { release, others, tail, liveMs, ...args });
  return done === 1;
}
