import type { Connection } from './connection.ts';

export type ScriptArg = string | number;

/** A Lua script that connections run by EVALSHA. */
export interface Script {
  readonly name: string;
  readonly lua: string;
  /** Its callers batch their calls themselves: automatic pipelining would only hold them up. */
  readonly isBatched: boolean;
  run(redis: Connection, keys: readonly string[], args: readonly ScriptArg[]): Promise<unknown>;
}

type Runner = (keyCount: number, keys: readonly string[], args: readonly ScriptArg[]) => Promise<unknown>;

/**
 * A script for the list in `index.ts`, from which every connection knows it from its start; ioredis sends
 * EVALSHA and, after NOSCRIPT, EVAL. Keys and arguments are passed as arrays, so that their number is not
 * bound by the call stack.
 */
export function defineScript(
  name: string,
  lua: string,
  { whenFull = 'runs', isBatched = false }: { whenFull?: 'runs' | 'refused'; isBatched?: boolean } = {},
): Script {
  const command = `millrace:${name}`;
  return {
    name: command,
    isBatched,
    // A Redis that is full takes no new jobs, but those that it has must go on: only that makes room.
    lua: whenFull === 'runs' ? `#!lua flags=allow-oom\n${withHelpers(lua)}` : withHelpers(lua),
    run(redis, keys, args) {
      const runner: unknown = Reflect.get(redis, command);
      return (runner as Runner).call(redis, keys.length, keys, args);
    },
  };
}

/** Entries of an events stream that are kept where nobody asks for more. */
export const KEPT_ENTRIES = 10_000;

/**
 * Lua that scripts share; each gets what it names, since a call makes all of its functions anew. A helper may use those before
 * it. All times are in milliseconds by the clock of Redis.
 *
 * - `now`: the time
 * - `LETTERS`: the letter of each stream, by its index
 * - `inChunks(list, call)`: calls with as many of the list's values at a time as Lua can pass on
 * - `owns(stream, id, consumer, token)`: start of the delivery when it is still this one, else nil. The token
 *   is the delivery count. XACK and XDEL check no owner, so every finishing script asks this first.
 * - `isAfter(id, other)`: whether one entry id is greater than the other
 * - `flat(reply)`: a table of names and values, as XINFO and HGETALL reply them one after the other
 * - `lastId(stream)`: the last entry id that the stream, which must exist, has given
 * - `announce(events, kind, refs, settings, value)`: one event for all the jobs of a move, with a value if there is one. The
 *   stream keeps the last 10,000 entries, and more for durable subscriptions (see subscription.ts)
 * - `append(notes, ref, line)`: keeps an error, of which the last ten stay
 * - `forget(notes, ref)`: drops all that was noted of a job
 * - `withoutPayload(fields)`: the fields of an entry with `null` for a payload that its result will not keep
 * - `dropLetter(stream, dead, notes, totals, ref)`: removes a dead letter; 1 if it was one, else 0
 * - `nudge(wake, tokens)`: wakes that many idle workers, who then look at the due jobs
 */
const HELPERS: readonly (readonly [name: string, lua: string])[] = [
  [
    'now',
    `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`,
  ],
  [
    'LETTERS',
    `local LETTERS = { 'c', 'h', 'n', 'l', 'p' }
`,
  ],
  [
    'inChunks',
    `local function inChunks(list, call)
  for first = 1, #list, 1000 do call(unpack(list, first, math.min(#list, first + 999))) end
end
`,
  ],
  [
    'owns',
    `local function owns(stream, id, consumer, token)
  local pending = redis.call('XPENDING', stream, 'workers', id, id, 1, consumer)[1]
  if pending and pending[4] == tonumber(token) then return now - pending[3] end
  return nil
end
`,
  ],
  [
    'isAfter',
    `local function isAfter(id, other)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  local otherMs, otherSeq = string.match(other, '(%d+)-(%d+)')
  if tonumber(ms) ~= tonumber(otherMs) then return tonumber(ms) > tonumber(otherMs) end
  return tonumber(seq) > tonumber(otherSeq)
end
`,
  ],
  [
    'flat',
    `local function flat(reply)
  local map = {}
  for i = 1, #reply, 2 do map[reply[i]] = reply[i + 1] end
  return map
end
`,
  ],
  [
    'lastId',
    `local function lastId(stream) return flat(redis.call('XINFO', 'STREAM', stream))['last-generated-id'] end
`,
  ],
  [
    'announce',
    `local function announce(events, kind, refs, settings, value)
  if #refs == 0 then return end
  local entry = { 'e', kind, 'j', table.concat(refs, ' ') }
  if value then entry[5], entry[6] = 'v', value end
  redis.call('XADD', events, 'MAXLEN', '~', redis.call('HGET', settings, 'hold') or ${KEPT_ENTRIES}, '*', unpack(entry))
end
`,
  ],
  [
    'nudge',
    `local function nudge(wake, tokens)
  for _ = 1, math.min(tokens, 64) do
    redis.call('XADD', wake, 'MAXLEN', 64, '*', 'w', '1')
  end
end
`,
  ],
  [
    'append',
    `local function append(notes, ref, line)
  local kept = redis.call('HGET', notes, ref .. ':e')
  if kept then
    local lines = {}
    for one in string.gmatch(kept .. '\\n' .. line, '[^\\n]+') do lines[#lines + 1] = one end
    line = table.concat(lines, '\\n', math.max(1, #lines - 9))
  end
  redis.call('HSET', notes, ref .. ':e', line)
end
`,
  ],
  [
    'forget',
    `local function forget(notes, ref)
  redis.call('HDEL', notes, ref .. ':a', ref .. ':l', ref .. ':e', ref .. ':p', ref .. ':c', ref .. ':w', ref .. ':b', ref .. ':n',
    ref .. ':k')
end
`,
  ],
  [
    'withoutPayload',
    `local function withoutPayload(fields)
  local isKept = string.find(fields[6] or '', '"k":true', 1, true)
  if #fields == 6 and fields[3] == 'p' and not isKept then fields[4] = 'null' end
  return fields
end
`,
  ],
  [
    'dropLetter',
    `local function dropLetter(stream, dead, notes, totals, ref)
  if redis.call('ZREM', dead, ref) == 0 then return 0 end
  redis.call('XDEL', stream, string.sub(ref, 2))
  forget(notes, ref)
  redis.call('HINCRBY', totals, 'purged', 1)
  return 1
end
`,
  ],
];

/** The script with the helpers that it names before it. */
function withHelpers(lua: string): string {
  return HELPERS.reduceRight(
    (text, [name, helper]) => (new RegExp(`\\b${name}\\b`).test(text) ? `${helper}\n${text}` : text),
    lua,
  );
}

/**
 * A due time nearer than this wakes an idle worker at once, since it may be blocked on reads for as long;
 * later ones are found by the look that every idle worker takes between two reads.
 */
export const WAKE_HORIZON_MS = 3_000;
