import type { Connection } from '../../redis/connection.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { inChunks, now } from '../../redis/script/lua.ts';

/** Tasks of one queue; far more than a queue has. */
export const MOST_TASKS = 1_000;

/**
 * Writes announcements that are still as they were read: what a worker has announced since then stays. A queue with very
 * many names gets no new ones.
 *
 * `read`: the text as it was read, '' for none; `text`: the new one, '' to delete it. Returns 1.
 */
export const announceTaskScript = defineScript({
  name: 'announce-task',
  queueKeys: ['tasks'],
  args: ['maxTasks', { records: 'changes', of: ['name', 'read', 'text'] }],
  lua: `
for i = 1, #changes do
  local name, read, text = changes[i].name, changes[i].read, changes[i].text
  if (redis.call('HGET', tasks, name) or '') == read then
    if text == '' then
      redis.call('HDEL', tasks, name)
    elseif read ~= '' or redis.call('HLEN', tasks) < tonumber(maxTasks) then
      redis.call('HSET', tasks, name, text)
    end
  end
end
return 1
`,
});

export async function announceIfUnchanged(
  redis: Connection,
  queue: QueueKeys,
  changes: readonly { name: string; read: string; text: string }[],
): Promise<void> {
  await announceTaskScript.run(redis, { queue }, { maxTasks: MOST_TASKS, changes });
}

/** An announcement that another worker has renewed so lately is left as it is, ms. */
const FRESH_MS = 10_000;

/**
 * Renews releases of tasks, or announces them for the first time.
 *
 * `tail`: the announcement as JSON without its first brace, or '' to renew what is there. Returns 1 per release that is announced
 * now, 0 for one that was not there to be renewed.
 */
export const announceReleasesScript = defineScript({
  name: 'announce-releases',
  queueKeys: ['tasks'],
  args: [{ records: 'releases', of: ['field', 'tail'] }],
  uses: [now, inChunks],
  lua: `
local done, fields, stored, changes = {}, {}, {}, {}
for i = 1, #releases do fields[i] = releases[i].field end
inChunks(fields, function(...)
  for _, text in ipairs(redis.call('HMGET', tasks, ...)) do stored[#stored + 1] = text or '' end
end)
for i = 1, #releases do
  local tail, at, since, kept = releases[i].tail, string.match(stored[i], '^{"at":(%d+),"since":(%d+),(.*)$')
  local isFresh = tail == '' and at and now - at < ${FRESH_MS}
  if tail == '' then tail = kept end
  done[i] = tail and 1 or 0
  if tail and not isFresh then
    local n = #changes
    changes[n + 1], changes[n + 2] = fields[i], '{"at":' .. now .. ',"since":' .. (since or now) .. ',' .. tail
  end
end
inChunks(changes, function(...) redis.call('HSET', tasks, ...) end)
return done
`,
});

/** Whether each release is announced now; one without a tail is renewed if it is there. */
export async function announceReleases(
  redis: Connection,
  queue: QueueKeys,
  releases: readonly { field: string; tail: string }[],
): Promise<boolean[]> {
  const done = (await announceReleasesScript.run(redis, { queue }, { releases })) as number[];
  return done.map((one) => one === 1);
}
