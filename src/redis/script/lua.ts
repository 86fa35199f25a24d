import { letterOf } from '../job-id.ts';
import { PLACES } from '../keys.ts';

/** A piece of Lua that declares one local with the helper's name. */
export interface LuaHelper {
  readonly name: string;
  /** Helpers that it uses itself. */
  readonly uses?: readonly LuaHelper[];
  readonly lua: string;
}

/** The text behind its helpers, each once and behind those that it uses. A script pays for each at every call. */
export function withHelpers(helpers: readonly LuaHelper[], text: string): string {
  const listed = new Set<LuaHelper>();
  const list = (helper: LuaHelper): void => {
    for (const used of helper.uses ?? []) list(used);
    listed.add(helper);
  };
  for (const helper of helpers) list(helper);
  return [...[...listed].map(({ lua }) => lua.trim()), text].join('\n');
}

/** Lua: the time by the clock of Redis, Unix ms. */
export const now: LuaHelper = {
  name: 'now',
  lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`,
};

/**
 * Lua: `pendingRow(stream, group, id)`, the row of XPENDING and the Unix ms of the delivery; nil without one. XPENDING only
 * tells the ms since then by a clock that goes on within a script (Redis before 7.2), so the time is read on both sides.
 */
export const pendingRow: LuaHelper = {
  name: 'pendingRow',
  lua: `
local function unixMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function pendingRow(stream, group, id)
  local before, row
  for _ = 1, 5 do
    before = unixMs()
    row = redis.call('XPENDING', stream, group, id, id, 1)[1]
    if not row or unixMs() == before then break end
  end
  return row, row and before - row[3]
end
`,
};

/** Letters of the places in the order of `PLACES`, for a search in Lua. */
export const PLACE_LETTERS = PLACES.map(letterOf).join('');

/** Lua: the letter of each place, by its index from 1. */
export const letters: LuaHelper = {
  name: 'LETTERS',
  lua: `
local LETTERS = { ${PLACES.map((place) => `'${letterOf(place)}'`).join(', ')} }
`,
};

/** Lua: `inChunks(list, call)` calls with at most 1,000 values of the list at a time, since Lua can pass on only some 8,000. */
export const inChunks: LuaHelper = {
  name: 'inChunks',
  lua: `
local function inChunks(list, call)
  for first = 1, #list, 1000 do call(unpack(list, first, math.min(#list, first + 999))) end
end
`,
};

/** Lua: `isAfter(id, other)`, whether the first entry id is the greater. */
export const isAfter: LuaHelper = {
  name: 'isAfter',
  lua: `
local function isAfter(id, other)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  local otherMs, otherSeq = string.match(other, '(%d+)-(%d+)')
  if tonumber(ms) ~= tonumber(otherMs) then return tonumber(ms) > tonumber(otherMs) end
  return tonumber(seq) > tonumber(otherSeq)
end
`,
};

/** Lua: `toMap(reply)`, a table of the names and values that XINFO and HGETALL reply one after the other. */
export const toMap: LuaHelper = {
  name: 'toMap',
  lua: `
local function toMap(reply)
  local map = {}
  for i = 1, #reply, 2 do map[reply[i]] = reply[i + 1] end
  return map
end
`,
};

/** Lua: `lastId(stream)`, the last entry id that a stream has given; the stream must exist. */
export const lastId: LuaHelper = {
  name: 'lastId',
  uses: [toMap],
  lua: `
local function lastId(stream) return toMap(redis.call('XINFO', 'STREAM', stream))['last-generated-id'] end
`,
};

/** Lua: `bytesOf(texts)`, the bytes of all texts. */
export const bytesOf: LuaHelper = {
  name: 'bytesOf',
  lua: `
local function bytesOf(texts)
  local bytes = 0
  for _, text in ipairs(texts) do bytes = bytes + #text end
  return bytes
end
`,
};

/** Entries of one read: their size is known only afterwards. */
const READ = 8;

/**
 * Lua: `visitIds(stream, from, upTo, most, maxBytes, visit)` calls `visit` with the ids and fields of at most `most` entries. A stream cannot be
 * read without its payloads: it stops after `maxBytes` of entries. Returns where the range goes on, or '' at its end.
 */
export const visitIds: LuaHelper = {
  name: 'visitIds',
  uses: [bytesOf],
  lua: `
local function visitIds(stream, from, upTo, most, maxBytes, visit)
  local seen, bytes, size = 0, 0, 1
  repeat
    local entries = redis.call('XRANGE', stream, from, upTo, 'COUNT', size)
    for _, entry in ipairs(entries) do
      visit(entry[1], entry[2])
      bytes, from = bytes + bytesOf(entry[2]), '(' .. entry[1]
    end
    if #entries < size then return '' end
    seen = seen + size
    local fit = math.floor((maxBytes - bytes) * seen / math.max(1, bytes))
    size = math.max(1, math.min(most - seen, fit, 2 * size, ${READ}))
  until seen >= most or bytes >= maxBytes
  return from
end
`,
};
