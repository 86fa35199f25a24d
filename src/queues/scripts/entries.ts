import type { LuaHelper } from '../../redis/script/lua.ts';

/** Lua: `headOnly(fields)`, the fields of an entry with `null` for its payload; none where we did not write them. */
export const headOnly: LuaHelper = {
  name: 'headOnly',
  lua: `
local function headOnly(fields)
  if #fields ~= 6 or fields[3] ~= 'p' then return {} end
  return { fields[1], fields[2], fields[3], 'null', fields[5], fields[6] }
end
`,
};
