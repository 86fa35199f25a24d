import { defineFragment } from '../../redis/script/define-script.ts';
import { now } from '../../redis/script/lua.ts';

/** Lua: `storeSample(added, ended)` stores a reading for the rates, at most every ten seconds. */
export const STORE_SAMPLE = defineFragment({
  queueKeys: ['samples'],
  uses: [now],
  lua: `
local function storeSample(added, ended)
  local last = redis.call('XREVRANGE', samples, '+', '-', 'COUNT', 1)[1]
  if last and now - tonumber(string.match(last[1], '^%d+')) < 10000 then return end
  redis.call('XADD', samples, 'MAXLEN', 30, '*', 'a', added - (ended.changed or 0), 'c', ended.completed or 0, 'f', ended.failed or 0)
end
`,
});

/** Lua: `storeSample` of a script that only reads. */
export const STORE_NO_SAMPLE = defineFragment({ lua: 'local function storeSample() end\n' });
