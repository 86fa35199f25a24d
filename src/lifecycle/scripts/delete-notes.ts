import { letterOf } from '../../redis/job-id.ts';
import { NOTE, NOTE_FIELDS } from '../../redis/note-fields.ts';
import { inChunks, type LuaHelper } from '../../redis/script/lua.ts';

const noteFields = (ref: string): string =>
  Object.keys(NOTE_FIELDS)
    .map((name) => `${ref} .. ${NOTE[name as keyof typeof NOTE_FIELDS]}`)
    .join(', ');

/** Lua: `deleteNotes(notes, ranked, ref)` deletes all notes of a job that has ended, and its rank. */
export const deleteNotes: LuaHelper = {
  name: 'deleteNotes',
  lua: `
local function deleteNotes(notes, ranked, ref)
  if string.sub(ref, 1, 1) == '${letterOf('parked')}' then redis.call('ZREM', ranked, ref) end
  redis.call('HDEL', notes, ${noteFields('ref')})
end
`,
};

/** Lua: `deleteNotesOfAll(notes, ranked, refs, hasNotes)`, as `deleteNotes`, with one command for some fifty jobs. */
export const deleteNotesOfAll: LuaHelper = {
  name: 'deleteNotesOfAll',
  uses: [inChunks],
  lua: `
local function deleteNotesOfAll(notes, ranked, refs, hasNotes)
  local fields = {}
  for _, ref in ipairs(refs) do
    if string.sub(ref, 1, 1) == '${letterOf('parked')}' then redis.call('ZREM', ranked, ref) end
    for _, field in ipairs(hasNotes and { ${noteFields('ref')} } or {}) do fields[#fields + 1] = field end
  end
  inChunks(fields, function(...) redis.call('HDEL', notes, ...) end)
end
`,
};
