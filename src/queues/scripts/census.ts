import type { Connection } from '../../redis/connection.ts';
import { inOrder, PLACES, type Place, type QueueKeys } from '../../redis/keys.ts';
import { toPairs } from '../../redis/pairs.ts';
import { defineScript } from '../../redis/script.ts';

/** What stands in one stream of a queue. */
export interface PlaceCensus {
  length: number;
  running: number;
  due: number;
  dead: number;
  /** Entries ever added. */
  added: number;
  /** Id of the first entry not handed out yet, '' when there is none. */
  firstWaiting: string;
}

export interface Census {
  now: number;
  places: Record<Place, PlaceCensus>;
  scheduled: number;
  paused: boolean;
  /** Most jobs that have not ended; undefined without a limit. */
  maxJobs: number | undefined;
  totals: Record<string, number>;
  /** Consumer, lease end (Unix ms), jobs it runs. */
  leases: { consumer: string; expiresAt: number; running: number }[];
  /** The reading of one to two minutes ago, or else the oldest of the last two minutes. */
  sample: { at: number; added: number; completed: number; failed: number } | undefined;
}

/**
 * Counts everything in a queue at one moment, from the places themselves, and keeps a reading every ten
 * seconds for the rates.
 *
 * KEYS: scheduled, leases, totals, settings, samples, streams x5, due x5, dead x5. ARGV: listed leases.
 * Returns { now, scheduled, paused, totals, leases with scores, { consumer, running }...,
 *   sample fields with its time, per stream { length, running, due, dead, added, first waiting }, most jobs or 0 }.
 */
export const censusScript = defineScript(
  'census',
  `
local scheduled, leases, totals, settings, samples = unpack(KEYS, 1, 5)
local running, places, added = {}, {}, 0

local function count(place)
  local stream, due, dead = KEYS[5 + place], KEYS[10 + place], KEYS[15 + place]
  local waiting = { redis.call('ZCARD', due), redis.call('ZCARD', dead) }
  if redis.call('EXISTS', stream) == 0 then return { 0, 0, waiting[1], waiting[2], 0, '' } end
  local info = flat(redis.call('XINFO', 'STREAM', stream))
  added = added + info['entries-added']
  local pending, after = 0, '-'
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local known = flat(group)
    if known.name == 'workers' then pending, after = known.pending, '(' .. known['last-delivered-id'] end
  end
  if pending > 0 then
    for _, one in ipairs(redis.call('XPENDING', stream, 'workers')[4] or {}) do
      running[one[1]] = (running[one[1]] or 0) + tonumber(one[2])
    end
  end
  local first = place < 5 and redis.call('XRANGE', stream, after, '+', 'COUNT', 1)[1]
  return { info.length, pending, waiting[1], waiting[2], info['entries-added'], first and first[1] or '' }
end
for place = 1, 5 do places[place] = count(place) end

local known = flat(redis.call('HGETALL', totals))
local last = redis.call('XREVRANGE', samples, '+', '-', 'COUNT', 1)[1]
if not last or now - tonumber(string.match(last[1], '^%d+')) >= 10000 then
  redis.call('XADD', samples, 'MAXLEN', 30, '*', 'a', added, 'c', known.completed or 0, 'f', known.failed or 0)
end
local sample = redis.call('XREVRANGE', samples, now - 60000, now - 120000, 'COUNT', 1)[1]
  or redis.call('XRANGE', samples, now - 120000, '+', 'COUNT', 1)[1]

local runs = {}
for consumer, jobs in pairs(running) do runs[#runs + 1] = consumer; runs[#runs + 1] = jobs end
return {
  now, redis.call('ZCARD', scheduled), redis.call('HEXISTS', settings, 'paused'), redis.call('HGETALL', totals),
  redis.call('ZRANGE', leases, 0, tonumber(ARGV[1]) - 1, 'WITHSCORES'), runs,
  sample and { sample[1], sample[2][2], sample[2][4], sample[2][6] } or {}, places,
  tonumber(redis.call('HGET', settings, 'maxJobs')) or 0,
}
`,
);

const LISTED_LEASES = 1_000;

type RawCensus = [
  number,
  number,
  number,
  string[],
  string[],
  (string | number)[],
  string[],
  [number, number, number, number, number, string][],
  number,
];

/** Reads the whole state of a queue in one step; at most 1,000 leases are listed. */
export async function takeCensus(redis: Connection, keys: QueueKeys): Promise<Census> {
  const [now, scheduled, paused, totals, leases, runs, sample, places, maxJobs] = (await censusScript.run(
    redis,
    [
      keys.scheduled,
      keys.leases,
      keys.totals,
      keys.settings,
      keys.samples,
      ...inOrder(keys.stream),
      ...inOrder(keys.due),
      ...inOrder(keys.dead),
    ],
    [LISTED_LEASES],
  )) as RawCensus;
  const running = new Map(toPairs(runs.map(String)));
  return {
    now,
    scheduled,
    paused: paused === 1,
    maxJobs: maxJobs || undefined,
    totals: Object.fromEntries(toPairs(totals).map(([name, count]) => [name, Number(count)])),
    leases: toPairs(leases).map(([consumer, expiresAt]) => ({
      consumer,
      expiresAt: Number(expiresAt),
      running: Number(running.get(consumer) ?? 0),
    })),
    sample: decodeSample(sample),
    places: Object.fromEntries(PLACES.map((place, i) => [place, decodePlace(places[i])])) as Record<
      Place,
      PlaceCensus
    >,
  };
}

function decodeSample([id, added, completed, failed]: string[]): Census['sample'] {
  if (id === undefined) return undefined;
  return {
    at: Number.parseInt(id, 10),
    added: Number(added),
    completed: Number(completed),
    failed: Number(failed),
  };
}

function decodePlace(raw: RawCensus[7][number] | undefined): PlaceCensus {
  const [length, running, due, dead, added, firstWaiting] = raw ?? [0, 0, 0, 0, 0, ''];
  return { length, running, due, dead, added, firstWaiting };
}
