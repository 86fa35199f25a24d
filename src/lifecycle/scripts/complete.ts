import { compareEntryIds, formatRef, type Ref } from '../../redis/job-id.ts';
import { placeIndex, type QueueKeys } from '../../redis/keys.ts';
import type { ScriptArg } from '../../redis/script.ts';

/** What became of a finishing call. */
export type Settled =
  /** The move was made now. */
  | 'done'
  /** The same move by the same lease was made before; its answer must have been lost. */
  | 'repeated'
  /** The delivery belongs to this lease no more; nothing was changed. */
  | 'stale';

/** The end of one delivery that leaves a result. */
export interface Completion {
  ref: Ref;
  /** Fencing token of the delivery. */
  token: number;
  status: 'completed' | 'cancelled' | 'expired';
  /** How long the result is kept, ms. */
  ttlMs: number;
  /** The tail of the stored record, from `"t"` on; see `record.ts`. */
  tail: string;
  /** Whether somebody waits for it, who is told a short record with the event. */
  isAwaited?: boolean;
}

/** Increments of a histogram of waits and runs. */
export interface LatencyCounts {
  key: string;
  /** Life of the histogram, ms. */
  ttlMs: number;
  /** Field -> count. */
  counts: ReadonlyMap<string, number>;
}

/**
 * Lua: `complete(keys, at)` ends deliveries with a result each and returns a letter per job: done, repeated or stale.
 *
 * `keys`: notes, totals, latency; streams and results: the index before the first of those KEYS; isAnythingRare: whether
 * there may be notes. Events go to `say(kind, refs)`, and before them records that somebody waits for to
 * `show(ref, expires, record)`.
 * ARGV from `at` on: consumer, latency TTL ms, number of latency pairs, those pairs, number of kinds, per kind
 *   stream index, status, TTL ms and whether it is awaited 0|1, then per job: kind, entry id, token, record tail. Jobs
 *   of a stream come in the order of their ids.
 *
 * All jobs of a stream are asked for and freed together, since every call from Lua costs Redis about a
 * microsecond. All are asked for before the first is freed, so that a group that is missing changes nothing.
 * The entry is freed before the result is stored, so that a full Redis can still finish jobs.
 */
export const COMPLETE = `
local function complete(keys, at)
  local notes, consumer = keys.notes, ARGV[at]
  local pairsEnd = at + 2 + 2 * tonumber(ARGV[at + 2])
  local kinds, jobs, byPlace, cursor = {}, {}, {}, pairsEnd + 2
  for kind = 1, tonumber(ARGV[pairsEnd + 1]) do
    kinds[kind] = { place = tonumber(ARGV[cursor]), status = ARGV[cursor + 1], expires = tostring(now + ARGV[cursor + 2]),
      isAwaited = ARGV[cursor + 3] == '1' }
    cursor = cursor + 4
  end
  for i = cursor, #ARGV, 4 do
    local kind = kinds[tonumber(ARGV[i])]
    local job = { kind = kind, id = ARGV[i + 1], ref = LETTERS[kind.place] .. ARGV[i + 1], token = ARGV[i + 2], tail = ARGV[i + 3],
      key = KEYS[keys.results + #jobs + 1] }
    jobs[#jobs + 1] = job
    byPlace[kind.place] = byPlace[kind.place] or {}
    table.insert(byPlace[kind.place], job)
  end

  local function isMine(record, token)
    local lease, attempt, rest = string.match(record, '^{"w":"([^"]*)","a":(%d+)(.*)')
    return lease == consumer and (string.match(rest, '^,"k":(%d+)') or attempt) == token
  end
  local outcomes, counts, mine, fields, ids = {}, {}, {}, {}, {}
  for place, all in pairs(byPlace) do
    local stream, rows = KEYS[keys.streams + place], {}
    if #all > 2 then
      -- What else the consumer runs may lie between them: the answer is bounded, and who is not in it is asked for.
      for _, row in ipairs(redis.call('XPENDING', stream, 'workers', all[1].id, all[#all].id, 2 * #all + 8, consumer)) do
        rows[row[1]] = row
      end
    end
    ids[place] = {}
    for _, job in ipairs(all) do
      local row = rows[job.id]
      if row and row[4] == tonumber(job.token) then job.started = now - row[3]
      else job.started = owns(stream, job.id, consumer, job.token) end
      if job.started then
        table.insert(ids[place], job.id)
        mine[#mine + 1] = job
        if keys.isAnythingRare then
          fields[#fields + 1] = job.ref .. ':e'
          fields[#fields + 1] = job.ref .. ':n'
        end
      end
    end
  end
  for place, own in pairs(ids) do
    inChunks(own, function(...)
      redis.call('XACK', KEYS[keys.streams + place], 'workers', ...)
      redis.call('XDEL', KEYS[keys.streams + place], ...)
    end)
  end
  local noted = {}
  if #mine > 0 and keys.isAnythingRare then
    inChunks(fields, function(...)
      for _, value in ipairs(redis.call('HMGET', notes, ...)) do noted[#noted + 1] = value end
    end)
    for _, job in ipairs(mine) do forget(notes, job.ref) end
  end
  local head, ended = '{"w":"' .. consumer .. '","a":', {}
  -- Lua prints a number in a microsecond, and all started at one of a few times.
  local finished, texts = ',"f":' .. now, {}
  for i, job in ipairs(mine) do
    local errors, before = noted[2 * i - 1], noted[2 * i]
    local started = texts[job.started] or tostring(job.started)
    texts[job.started] = started
    local record = head .. (before and job.token - before .. ',"k":' .. job.token or job.token)
      .. ',"s":"' .. job.kind.status .. '","b":' .. started .. finished
    if errors then record = record .. ',"e":[' .. string.gsub(errors, '\\n', ',') .. ']' end
    record = record .. job.tail
    redis.call('SET', job.key, record, 'PXAT', job.kind.expires)
    if job.kind.isAwaited then show(job.ref, job.kind.expires, record) end
    ended[job.kind.status] = ended[job.kind.status] or {}
    table.insert(ended[job.kind.status], job.ref)
  end
  for i, job in ipairs(jobs) do
    outcomes[i] = 'd'
    if not job.started then
      local record = redis.call('GET', job.key)
      outcomes[i] = record and isMine(record, job.token) and 'r' or 's'
      if outcomes[i] == 's' then counts.staleCommits = (counts.staleCommits or 0) + 1 end
    end
  end
  for status, refs in pairs(ended) do
    counts[status] = #refs
    say(status, refs)
  end
  for name, count in pairs(counts) do redis.call('HINCRBY', keys.totals, name, count) end
  for i = at + 3, pairsEnd, 2 do redis.call('HINCRBY', keys.latency, ARGV[i], ARGV[i + 1]) end
  if pairsEnd > at + 2 then redis.call('PEXPIRE', keys.latency, ARGV[at + 1]) end
  return table.concat(outcomes)
end
`;

/** The jobs in the order in which the script wants them, and what it is told of them. */
export function encodeCompletions(
  keys: QueueKeys,
  consumer: string,
  jobs: readonly Completion[],
  latency: LatencyCounts,
): { resultKeys: string[]; args: ScriptArg[]; decode: (letters: string) => Settled[] } {
  const order = jobs.map((_, i) => i);
  const at = (i: number): Completion => jobs[i] as Completion;
  if (jobs.length > 1) order.sort((a, b) => compareEntryIds(at(a).ref.entryId, at(b).ref.entryId));
  const kinds: ScriptArg[] = [];
  const ends: ScriptArg[] = [];
  const resultKeys: string[] = [];
  for (const i of order) {
    const { ref, status, ttlMs, isAwaited, token, tail } = at(i);
    const kind = kindOf(kinds, placeIndex(ref.place), status, ttlMs, isAwaited === true ? 1 : 0);
    ends.push(kind, ref.entryId, token, tail);
    resultKeys.push(keys.result(formatRef(ref)));
  }
  const args: ScriptArg[] = [consumer, latency.ttlMs, latency.counts.size];
  for (const [field, count] of latency.counts) args.push(field, count);
  args.push(kinds.length / KIND_ARGS, ...kinds);
  return {
    resultKeys,
    args: args.concat(ends),
    decode: (letters) => {
      const settled: Settled[] = [];
      order.forEach((i, rank) => {
        settled[i] = letters[rank] === 'd' ? 'done' : letters[rank] === 'r' ? 'repeated' : 'stale';
      });
      return settled;
    },
  };
}

const KIND_ARGS = 4;

/** Number of a kind, from 1; one that is new is added. There are few. */
function kindOf(kinds: ScriptArg[], place: number, status: string, ttlMs: number, awaited: 0 | 1): number {
  let i = 0;
  for (; i < kinds.length; i += KIND_ARGS) {
    const isIt = kinds[i] === place && kinds[i + 1] === status && kinds[i + 2] === ttlMs;
    if (isIt && kinds[i + 3] === awaited) return i / KIND_ARGS + 1;
  }
  kinds.push(place, status, ttlMs, awaited);
  return i / KIND_ARGS + 1;
}
