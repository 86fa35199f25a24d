import { PLACES, type Place } from '../../redis/keys.ts';
import { toPairs } from '../../redis/pairs.ts';
import { DEFAULT_PRIORITY } from '../../schemas/job.ts';
import type { HeldCounts } from '../../schemas/queues/held.ts';
import { HELD_BY, PRIORITIES } from '../../schemas/values/names.ts';
import { readLimits } from '../limits/limits.ts';
import type { Census, HeldGroup, PlaceCensus } from './census-types.ts';
import type { RawHeldCounts } from './held-counts.ts';

type RawPlace = [length: number, running: number, due: number, dead: number, added: number, dueNow: number];

type RawGroup = [order: string, jobs: number];

/** Maps come as names and values, one after the other. `sample`: its id and its three counts, or nothing. */
type RawCensus = [
  now: number,
  scheduled: number,
  paused: number,
  totals: string[],
  leases: string[],
  running: (string | number)[],
  sample: string[],
  places: RawPlace[],
  maxJobs: number,
  scheduledNow: number,
  waitingSince: number,
  held: RawGroup[],
  ranked: [critical: number, high: number, low: number],
  submitEvents: number,
  pausedUntil: number,
  limits: (string | null)[],
  heldCounts: RawHeldCounts,
];

/** @param reply a `RawCensus`. */
export function toCensus(reply: unknown): Census {
  const [
    now,
    scheduled,
    paused,
    totals,
    leases,
    runs,
    sample,
    places,
    maxJobs,
    scheduledNow,
    waitingSince,
    held,
    [critical, high, low],
    submitEvents,
    pausedUntil,
    limits,
    [heldCounts, limit],
  ] = reply as RawCensus;
  const running = new Map(toPairs(runs.map(String)));
  return {
    now,
    scheduled,
    scheduledNow,
    ranked: { critical, high, low },
    waitingSince,
    heldGroups: held.map(decodeGroup),
    held: Object.fromEntries(HELD_BY.map((reason, i) => [reason, heldCounts[i] ?? 0])) as HeldCounts,
    heldBack: HELD_BY.find((reason) => reason === limit),
    paused: paused === 1,
    pausedUntil: pausedUntil < 0 ? undefined : pausedUntil,
    maxJobs: maxJobs || undefined,
    limits: readLimits(limits),
    submitEvents: submitEvents === 1,
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

function decodeGroup([order, jobs]: RawGroup): HeldGroup {
  return {
    priority: PRIORITIES[Number(order[0]) - 1] ?? DEFAULT_PRIORITY,
    isParked: order[1] === '0',
    jobs,
  };
}

function decodePlace(raw: RawPlace | undefined): PlaceCensus {
  const [length, running, due, dead, added, dueNow] = raw ?? [0, 0, 0, 0, 0, 0];
  return { length, running, due, dueNow, dead, added };
}
