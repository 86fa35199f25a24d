import type { Clock } from '../../clock.ts';
import type { QueueStats, QueueSummary } from '../../schemas/queue.ts';
import type { Schedule } from '../../schemas/schedule.ts';
import type { Subscription } from '../../schemas/subscription.ts';
import type { Worker } from '../../schemas/workers/worker.ts';
import { type Reading, readWithin, valueIn } from './reading.ts';
import type { ApiContact, ClockReading, Readiness } from './readings.ts';

export interface ApiTarget {
  /** Without a slash at the end. */
  readonly url: string;
  /** Sent as a bearer token; '' for none. */
  readonly key: string;
}

const REQUEST_MS = 3_000;
const PAGE = 1_000;
/** Queues whose statistics are read: those with the most to tell. */
const MOST_STATS = 50;
/** Requests at a time. */
const AT_ONCE = 5;

interface Page<T> {
  readonly items: readonly T[];
}

/** Asks the API for its state and that of the queues. Never rejects; each request has its own deadline. */
export async function readApi(target: ApiTarget, clock: Clock): Promise<ApiContact> {
  const { url } = target;
  const readiness = await readWithin(REQUEST_MS, () => readReadiness(target, clock));
  if ('refused' in readiness) return { url, fault: readiness.refused };
  const list = <T>(path: string): Promise<Reading<readonly T[]>> =>
    readWithin(REQUEST_MS, async () => (await get<Page<T>>(target, path)).items);
  const [queues, workers, schedules] = await Promise.all([
    list<QueueSummary>(`/queues?limit=${PAGE}`),
    list<Worker>(`/workers?limit=${PAGE}`),
    list<Schedule>(`/schedules?limit=${PAGE}`),
  ]);
  const names = toldMost(valueIn(queues) ?? []);
  const stats = await inTurns(names, (name) =>
    readWithin(REQUEST_MS, () => get<QueueStats>(target, `/queues/${name}/stats`)),
  );
  const subscribed = stats.filter(({ subscriptions }) => subscriptions !== undefined);
  const subscriptions = await inTurns(
    subscribed.map(({ queue }) => queue),
    (name) => list<Subscription>(`/queues/${name}/subscriptions`),
  );
  const api = { ...readiness.value, queues, stats, workers, schedules };
  return { url, api: { ...api, subscriptions: subscriptions.flat() } };
}

async function readReadiness(
  target: ApiTarget,
  clock: Clock,
): Promise<{ readiness: Readiness; clock: ClockReading | undefined }> {
  const start = clock.wall();
  const response = await send(target, '/readyz');
  const tripMs = clock.wall() - start;
  const body: unknown = await response.json().catch(() => undefined);
  if (isReadiness(body)) {
    return { readiness: body, clock: clockOf(response.headers.get('date'), start, tripMs) };
  }
  throw new Error(`GET /readyz was answered with ${response.status}, and not in the way of Millrace`);
}

/** The header has whole seconds. Supposes that it was written in the middle of the round trip. */
function clockOf(date: string | null, start: number, tripMs: number): ClockReading | undefined {
  const at = Date.parse(date ?? '');
  if (Number.isNaN(at)) return undefined;
  return { skewMs: at + 500 - start - tripMs / 2, errorMs: 500 + tripMs / 2 };
}

function isReadiness(value: unknown): value is Readiness {
  if (typeof value !== 'object' || value === null) return false;
  const { ready, reasons } = value as Partial<Record<keyof Readiness, unknown>>;
  return typeof ready === 'boolean' && Array.isArray(reasons);
}

async function get<T>(target: ApiTarget, path: string): Promise<T> {
  const response = await send(target, path);
  const text = await response.text();
  if (!response.ok) throw new Error(`GET ${path} was answered with ${response.status}`);
  return JSON.parse(text) as T;
}

/** What `fetch` throws does not name the reason: its cause does. */
async function send({ url, key }: ApiTarget, path: string): Promise<Response> {
  try {
    return await fetch(url + path, {
      headers: key === '' ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(REQUEST_MS),
    });
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    throw cause instanceof Error ? cause : error;
  }
}

function toldMost(queues: readonly QueueSummary[]): string[] {
  const weight = ({ paused, counts }: QueueSummary) =>
    counts.queued + counts.failed + counts.running + (paused ? 1 : 0);
  const sorted = [...queues].sort((one, other) => weight(other) - weight(one));
  return sorted.slice(0, MOST_STATS).map(({ name }) => name);
}

/** The values that could be read, some requests at a time. */
async function inTurns<T>(
  names: readonly string[],
  read: (name: string) => Promise<Reading<T>>,
): Promise<T[]> {
  const values: T[] = [];
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const readings = await Promise.all(names.slice(i, i + AT_ONCE).map(read));
    values.push(...readings.map(valueIn).filter((value) => value !== undefined));
  }
  return values;
}
