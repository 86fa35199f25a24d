import { parseWorkerName } from '../lifecycle/consumer-name.ts';
import { latencyWindow, percentiles } from '../lifecycle/latency-histogram.ts';
import type { Connection } from '../redis/connection.ts';
import { isRefused } from '../redis/faults.ts';
import { inOrder, PLACES, type QueueKeys } from '../redis/keys.ts';
import type { QueueStats, QueueSummary } from '../schemas/queue.ts';
import type { HeldCounts } from '../schemas/queues/held.ts';
import type { Priority } from '../schemas/values/names.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { subscriptionBacklogs } from '../subscriptions/state.ts';
import { showLimits } from './limits/limits.ts';
import { lookAtQueue, takeCensus } from './scripts/census.ts';
import type { Census, PlaceCensus } from './scripts/census-types.ts';
import { busiestKeys } from './scripts/key-jobs.ts';

const MINUTE_MS = 60_000;
/** Below this a rate would be noise. */
const MIN_ELAPSED_MS = 1_000;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Entries of a lane that wait for their first delivery, or are held (neither running, nor due, nor dead), and those whose time has
 * come.
 */
const queuedIn = ({ length, running, due, dueNow, dead }: PlaceCensus): number =>
  Math.max(0, length - running - due - dead) + dueNow;

/** Held jobs out of `parked`: all that are in none of its other places. */
const heldParkedOf = ({ places: { parked }, scheduled }: Census): number =>
  parked.length - parked.running - parked.due - parked.dead - scheduled;

/** A parked job whose time has come is queued in the lane of its priority. */
function lanesOf(census: Census): QueueStats['lanes'] {
  const { places, scheduledNow, ranked, heldGroups } = census;
  const heldParked = heldGroups.filter(({ isParked }) => isParked);
  const heldIn = (priority: Priority) =>
    sum(heldParked.filter((group) => group.priority === priority).map(({ jobs }) => jobs));
  const waiting = (priority: Priority, parked: number) =>
    queuedIn(places[priority]) + heldIn(priority) + parked;
  // With very many classes some groups are not listed. Their jobs count as normal ones.
  const unlisted = Math.max(0, heldParkedOf(census) - sum(heldParked.map(({ jobs }) => jobs)));
  const { critical, high, low } = ranked;
  const normal = Math.max(0, places.parked.dueNow + scheduledNow - critical - high - low);
  return {
    critical: waiting('critical', critical),
    high: waiting('high', high),
    normal: waiting('normal', normal + unlisted),
    low: waiting('low', low),
  };
}

function countsOf(census: Census): QueueSummary['counts'] {
  const places = PLACES.map((place) => census.places[place]);
  return {
    queued: sum(Object.values(lanesOf(census))),
    scheduled: census.scheduled - census.scheduledNow,
    running: sum(places.map((place) => place.running)),
    retrying: sum(places.map((place) => place.due - place.dueNow)),
    failed: sum(places.map((place) => place.dead)),
  };
}

/** At a limit of the queue, each job that nothing else holds back waits for that limit. */
function heldOf({ held, heldBack }: Census, queued: number): HeldCounts {
  if (heldBack === undefined) return held;
  return { ...held, [heldBack]: Math.max(0, queued - sum(Object.values(held))) };
}

/** A change of a job adds an entry, too. */
const submittedOf = ({ places, totals }: Census): number =>
  sum(PLACES.map((place) => places[place].added)) - (totals['changed'] ?? 0);

function ratesOf(census: Census): QueueStats['rates'] {
  const { sample, now, totals } = census;
  const elapsedMs = sample === undefined ? 0 : now - sample.at;
  const perMin = (present: number, past: number) =>
    elapsedMs < MIN_ELAPSED_MS ? 0 : Math.max(0, Math.round(((present - past) * MINUTE_MS) / elapsedMs));
  return {
    submittedPerMin: perMin(submittedOf(census), sample?.added ?? 0),
    completedPerMin: perMin(totals['completed'] ?? 0, sample?.completed ?? 0),
    failedPerMin: perMin(totals['failed'] ?? 0, sample?.failed ?? 0),
  };
}

function totalsOf(census: Census): QueueStats['totals'] {
  const count = (name: string) => census.totals[name] ?? 0;
  return {
    submitted: submittedOf(census),
    completed: count('completed'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    expired: count('expired'),
    retried: count('retried'),
    recovered: count('recovered'),
    staleCommits: count('staleCommits'),
    purged: count('purged'),
  };
}

function workersOf(census: Census): QueueStats['workers'] {
  return census.leases
    .filter(({ expiresAt }) => expiresAt > census.now)
    .map(({ consumer, expiresAt, running }) => ({
      name: consumer,
      ...parseWorkerName(consumer),
      running,
      leaseExpiresAt: toTimestamp(expiresAt),
    }));
}

const pauseOf = ({ paused, pausedUntil }: Census): Pick<QueueSummary, 'paused' | 'pausedUntil'> => ({
  paused,
  ...(pausedUntil !== undefined && { pausedUntil: toTimestamp(pausedUntil) }),
});

/** Undefined where the user of Redis may not ask for it, or a managed Redis does not have the command. */
async function memoryOf(redis: Connection, keys: QueueKeys): Promise<number | undefined> {
  const names = [
    ...inOrder(keys.stream),
    ...inOrder(keys.due),
    ...inOrder(keys.dead),
    keys.scheduled,
    keys.ranked,
    keys.holds,
    keys.notes,
    keys.changed,
    keys.tagged,
    keys.events,
  ];
  try {
    const sizes = await Promise.all(names.map((name) => redis.memory('USAGE', name)));
    return sum(sizes.map((size) => size ?? 0));
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

/** All figures of a queue. Its jobs are counted in one step. */
export async function queueStats(redis: Connection, keys: QueueKeys): Promise<QueueStats> {
  const census = await takeCensus(redis, keys);
  const window = latencyWindow(census.now);
  const [memoryBytes, busiest, subscriptions, ...histograms] = await Promise.all([
    memoryOf(redis, keys),
    busiestKeys(redis, keys),
    subscriptionBacklogs(redis, keys),
    redis.hgetall(keys.latency(window)),
    redis.hgetall(keys.latency(window - 1)),
  ]);
  const counts = countsOf(census);
  const wait = percentiles(histograms, 'wait');
  const run = percentiles(histograms, 'run');
  return {
    queue: keys.queue,
    ...pauseOf(census),
    ...(census.maxJobs !== undefined && { maxJobs: census.maxJobs }),
    counts,
    held: heldOf(census, counts.queued),
    ...(busiest.length > 0 && { keys: busiest }),
    lanes: lanesOf(census),
    totals: totalsOf(census),
    oldestQueuedMs: census.now - census.waitingSince,
    workers: workersOf(census),
    rates: ratesOf(census),
    latency: { ...(wait && { waitMs: wait }), ...(run && { runMs: run }) },
    ...(subscriptions.length > 0 && { subscriptions }),
    ...(memoryBytes !== undefined && { memoryBytes }),
  };
}

/** The figures of a queue in a list of queues. */
export async function queueSummary(redis: Connection, keys: QueueKeys): Promise<QueueSummary> {
  const census = await takeCensus(redis, keys);
  return {
    name: keys.queue,
    ...pauseOf(census),
    ...(census.maxJobs !== undefined && { maxJobs: census.maxJobs }),
    ...showLimits(census.limits),
    submitEvents: census.submitEvents,
    counts: countsOf(census),
  };
}

/** What a scrape shows of a queue. */
export async function queueGauges(redis: Connection, keys: QueueKeys) {
  const census = await lookAtQueue(redis, keys);
  const counts = countsOf(census);
  return {
    queue: keys.queue,
    counts,
    held: heldOf(census, counts.queued),
    oldestMs: census.now - census.waitingSince,
    isPaused: census.paused,
  };
}
