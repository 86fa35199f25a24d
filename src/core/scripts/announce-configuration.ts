import type { Connection } from '../../redis/connection.ts';
import { defineScript } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';

/**
 * Renews one configuration of processes, and forgets those that nobody has renewed for `liveMs`; there are as many as
 * operators have written. Returns the others: configuration, and `<Unix ms> <host>`, one after the other.
 */
export const announceConfigurationScript = defineScript({
  name: 'announce-configuration',
  keys: ['configurations'],
  args: ['configuration', 'host', 'liveMs'],
  uses: [now],
  lua: `
local others, all = {}, redis.call('HGETALL', configurations)
for i = 1, #all, 2 do
  local at = tonumber(string.match(all[i + 1], '^%d+')) or 0
  if now - at >= tonumber(liveMs) then redis.call('HDEL', configurations, all[i])
  elseif all[i] ~= configuration then
    others[#others + 1] = all[i]
    others[#others + 1] = all[i + 1]
  end
end
redis.call('HSET', configurations, configuration, now .. ' ' .. host)
return others
`,
});

/** A configuration that some process has, and the host of the one that renewed it last. */
export interface OtherConfiguration {
  readonly configuration: string;
  readonly host: string;
}

export async function announceConfiguration(
  redis: Connection,
  configurations: string,
  own: { readonly configuration: string; readonly host: string; readonly liveMs: number },
): Promise<OtherConfiguration[]> {
  const flat = (await announceConfigurationScript.run(redis, { configurations }, own)) as string[];
  const others: OtherConfiguration[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const host = flat[i + 1]?.split(' ')[1] ?? '';
    others.push({ configuration: flat[i] ?? '', host });
  }
  return others;
}
