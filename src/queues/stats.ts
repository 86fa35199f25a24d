import { parseWorkerName } from '../lifecycle/consumer-name.ts';
import { latencyWindow, percentiles } from '../lifecycle/latency-histogram.ts';
import type { Connection } from '../redis/connection.ts';
import { entryTime } from '../redis/job-id.ts';
import { inOrder, PLACES, type QueueKeys } from '../redis/keys.ts';
import type { QueueStats, QueueSummary } from '../schemas/queue.ts';
import { PRIORITIES } from '../schemas/values/names.ts';
import { toTimestamp } from '../schemas/values/timestamp.ts';
import { subscriptionBacklogs } from '../subscriptions/state.ts';
import { type Census, takeCensus } from './scripts/census.ts';

const MINUTE_MS = 60_000;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Queued = what is in a stream and in no other place. */
const queuedIn = ({ length, running, due, dead }: Census['places'][keyof Census['places']]): number =>
  Math.max(0, length - running - due - dead);

function countsOf(census: Census): QueueSummary['counts'] {
  const places = PLACES.map((place) => census.places[place]);
  const lanes = PRIORITIES.map((priority) => queuedIn(census.places[priority]));
  return {
    queued: sum(lanes),
    scheduled: census.scheduled,
    running: sum(places.map((place) => place.running)),
    retrying: sum(places.map((place) => place.due)),
    failed: sum(places.map((place) => place.dead)),
  };
}

const submittedOf = (census: Census): number => sum(PLACES.map((place) => census.places[place].added));

function ratesOf(census: Census): QueueStats['rates'] {
  const { sample, now, totals } = census;
  const elapsed = sample === undefined ? 0 : now - sample.at;
  const perMin = (present: number, past: number) =>
    elapsed < 1_000 ? 0 : Math.max(0, Math.round(((present - past) * MINUTE_MS) / elapsed));
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

function oldestQueuedMs(census: Census): number {
  const firsts = PRIORITIES.map((priority) => census.places[priority].firstWaiting).filter(Boolean);
  return Math.max(0, ...firsts.map((id) => census.now - entryTime(id)));
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

async function memoryOf(redis: Connection, keys: QueueKeys): Promise<number> {
  const names = [
    ...inOrder(keys.stream),
    ...inOrder(keys.due),
    ...inOrder(keys.dead),
    keys.scheduled,
    keys.notes,
    keys.events,
  ];
  const sizes = await Promise.all(names.map((name) => redis.memory('USAGE', name)));
  return sum(sizes.map((size) => size ?? 0));
}

/** Everything there is to say about a queue, counted at one moment. */
export async function queueStats(redis: Connection, keys: QueueKeys): Promise<QueueStats> {
  const census = await takeCensus(redis, keys);
  const slot = latencyWindow(census.now);
  const [memoryBytes, subscriptions, ...slots] = await Promise.all([
    memoryOf(redis, keys),
    subscriptionBacklogs(redis, keys),
    redis.hgetall(keys.latency(slot)),
    redis.hgetall(keys.latency(slot - 1)),
  ]);
  const wait = percentiles(slots, 'wait');
  const run = percentiles(slots, 'run');
  const [critical = 0, high = 0, normal = 0, low = 0] = PRIORITIES.map((priority) =>
    queuedIn(census.places[priority]),
  );
  return {
    queue: keys.queue,
    paused: census.paused,
    ...(census.maxJobs !== undefined && { maxJobs: census.maxJobs }),
    counts: countsOf(census),
    lanes: { critical, high, normal, low },
    totals: totalsOf(census),
    oldestQueuedMs: oldestQueuedMs(census),
    workers: workersOf(census),
    rates: ratesOf(census),
    latency: { ...(wait && { waitMs: wait }), ...(run && { runMs: run }) },
    ...(subscriptions.length > 0 && { subscriptions }),
    memoryBytes,
  };
}

/** A line about a queue. */
export async function queueSummary(redis: Connection, keys: QueueKeys): Promise<QueueSummary> {
  const census = await takeCensus(redis, keys);
  return {
    name: keys.queue,
    paused: census.paused,
    ...(census.maxJobs !== undefined && { maxJobs: census.maxJobs }),
    counts: countsOf(census),
  };
}
