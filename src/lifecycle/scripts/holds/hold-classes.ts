import type { Connection } from '../../../redis/connection.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
import { defineScript } from '../../../redis/script/define-script.ts';

/** Classes of one call: a class is a task with the releases that refused its jobs, so there are few. */
const MOST_CLASSES = 500;

/**
 * Lists the classes of held jobs, by going from the last job of one to the first of the next.
 *
 * `prefixes`: what a class may begin with. Returns the classes, at most `most`.
 */
export const holdClassesScript = defineScript({
  name: 'hold-classes',
  onlyReads: true,
  queueKeys: ['holds'],
  args: ['most', { list: 'prefixes' }],
  lua: `
local classes = {}
for i = 1, #prefixes do
  local from, upTo = '[' .. prefixes[i], '(' .. prefixes[i] .. '\\255'
  while #classes < tonumber(most) do
    local member = redis.call('ZRANGE', holds, from, upTo, 'BYLEX', 'LIMIT', 0, 1)[1]
    if not member then break end
    local class = string.match(member, '^[^\\n]*\\n[^\\n]*') or member
    classes[#classes + 1] = class
    from = '(' .. class .. '\\n\\255'
  end
end
return classes
`,
});

/** The classes of held jobs that begin with one of the prefixes, at most 500; '' finds all. */
export async function holdClasses(
  redis: Connection,
  queue: QueueKeys,
  prefixes: readonly string[],
): Promise<string[]> {
  return (await holdClassesScript.run(redis, { queue }, { most: MOST_CLASSES, prefixes })) as string[];
}
