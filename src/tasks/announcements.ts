import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { parseJson } from '../redis/parse-json.ts';
import { redisTime } from '../redis/server-time.ts';
import { restoreLimit, storeLimit } from '../schemas/values/attempts.ts';
import { releaseFingerprint } from './fingerprint.ts';
import { announceIfUnchanged, announceReleases } from './scripts/announce.ts';
import type { TaskAnnouncement } from './types.ts';

/** An announcement is forgotten this long after its last renewal, so that tasks without a worker disappear. */
export const ANNOUNCEMENT_TTL_MS = 86_400_000;

/** A worker counts as live for this long after it has announced a task. It renews that every 20 s. */
export const WORKER_LIVE_MS = 60_000;

/** Workers over HTTP say what they can run when they take jobs, and may work on those for a while. */
const HTTP_LIVE_MS = 660_000;

/** The field that says that some worker takes every task. No task has this name. */
const ALL_TASKS = '*';

/**
 * As stored in the queue's `tasks` hash. A field of two lines, name and fingerprint, is one release of a task. A field that is a
 * name alone says that workers name the task; earlier releases keep schemas and defaults there, too.
 */
export interface StoredAnnouncement extends TaskAnnouncement {
  /** When the announcement was last renewed, Unix ms. */
  at: number;
  /** When the release was first announced, Unix ms; 0 where that is unknown. */
  since: number;
  /** How long after `at` its worker counts as live. */
  liveMs: number;
  /** It says what the task takes, not just that there is one. */
  isRelease: boolean;
}

/** What the workers of a queue have announced. */
export interface Announcements {
  /** Newest release first. */
  readonly tasks: readonly StoredAnnouncement[];
  /** A live worker takes every task. */
  readonly hasTakerOfAll: boolean;
}

/** The worker still runs, as far as Redis can tell. */
export const isLive = ({ at, liveMs }: { at: number; liveMs: number }, now: number): boolean =>
  now - at < liveMs;

/**
 * Announces the tasks of one release of a worker. Other releases of the same tasks keep their own announcements.
 *
 * @param by `http`: announced by a request, which counts for a day; `worker`: by a worker that repeats it.
 */
export async function announceTasks(
  redis: Connection,
  keys: QueueKeys,
  tasks: readonly TaskAnnouncement[],
  by: 'worker' | 'http' = 'worker',
): Promise<void> {
  const liveMs = by === 'http' ? ANNOUNCEMENT_TTL_MS : WORKER_LIVE_MS;
  const rows = tasks.map((task) => ({
    field: `${task.name}\n${by === 'http' ? 'http-' : ''}${releaseFingerprint(task)}`,
    tail: JSON.stringify({ liveMs, ...storeLimit(task) }).slice(1),
  }));
  const known = await announceReleases(
    redis,
    keys,
    rows.map(({ field }) => ({ field, tail: '' })),
  );
  const unknown = rows.filter((_, i) => !known[i]);
  if (unknown.length > 0) await announceReleases(redis, keys, unknown);
}

/** `keepAnnounced` renews an announcement that is older than this. */
const RENEW_AFTER_MS = 300_000;

/**
 * Announces tasks by name alone, for an HTTP worker; undefined stands for all tasks. Schemas and defaults that are announced stay
 * as they are, and the last ones announced over HTTP are renewed. Also removes announcements that are forgotten.
 */
export async function keepAnnounced(
  redis: Connection,
  keys: QueueKeys,
  names: readonly string[] | undefined,
): Promise<void> {
  const [all, now] = await Promise.all([redis.hgetall(keys.tasks), redisTime(redis)]);
  const named = names ?? [ALL_TASKS];
  const fields = named.flatMap((name) => [name, ...lastOverHttp(all, name)]);
  const due = fields.flatMap((field) => {
    const read = all[field] ?? '';
    const stored = parseJson(read);
    if (isAnnouncement(stored) && now - stored.at < RENEW_AFTER_MS) return [];
    const kept = isAnnouncement(stored) ? stored : names === undefined ? {} : { name: field };
    return [{ name: field, read, text: JSON.stringify({ ...kept, at: now }) }];
  });
  if (due.length === 0) return;
  await announceIfUnchanged(redis, keys, [...forgotten(all, fields, now), ...due]);
}

/** Removes announcements that are forgotten. */
export async function removeForgotten(redis: Connection, keys: QueueKeys): Promise<void> {
  const [all, now] = await Promise.all([redis.hgetall(keys.tasks), redisTime(redis)]);
  const changes = forgotten(all, [], now);
  if (changes.length > 0) await announceIfUnchanged(redis, keys, changes);
}

function forgotten(all: Readonly<Record<string, string>>, kept: readonly string[], now: number) {
  return Object.entries(all).flatMap(([name, read]) => {
    const stored = parseJson(read);
    const isForgotten = isAnnouncement(stored) && now - stored.at >= ANNOUNCEMENT_TTL_MS;
    return isForgotten && !kept.includes(name) ? [{ name, read, text: '' }] : [];
  });
}

/** The field of the newest release of a task that was announced over HTTP, if there is one. */
function lastOverHttp(all: Readonly<Record<string, string>>, name: string): string[] {
  const releases = Object.entries(all).flatMap(([field, text]) => {
    const value = field.startsWith(`${name}\nhttp-`) ? parseJson(text) : undefined;
    return isAnnouncement(value) ? [{ field, since: value.since ?? 0 }] : [];
  });
  const [newest] = releases.sort((a, b) => b.since - a.since);
  return newest === undefined ? [] : [newest.field];
}

/** What the workers of a queue have announced in the last day; `now`: by the clock of Redis, Unix ms. */
export async function readAnnouncements(
  redis: Connection,
  keys: QueueKeys,
  now: number,
): Promise<Announcements> {
  const all = await redis.hgetall(keys.tasks);
  const tasks = Object.entries(all).flatMap(([field, text]) => {
    const value = parseJson(text);
    // Another program may have written to the hash: skip what is not an announcement.
    if (!isAnnouncement(value) || !hasName(value) || now - value.at >= ANNOUNCEMENT_TTL_MS) return [];
    return [toStored(field, value)];
  });
  const takerOfAll = parseJson(all[ALL_TASKS] ?? '');
  const hasTakerOfAll =
    isAnnouncement(takerOfAll) && isLive({ at: takerOfAll.at, liveMs: HTTP_LIVE_MS }, now);
  return { tasks: tasks.sort((a, b) => b.since - a.since || b.at - a.at), hasTakerOfAll };
}

interface Written {
  at: number;
  since?: number;
  liveMs?: number;
}

function toStored(field: string, value: Written & TaskAnnouncement): StoredAnnouncement {
  const { since = 0, liveMs = HTTP_LIVE_MS } = value;
  const isRelease = field !== value.name || value.input !== undefined || value.output !== undefined;
  return { ...restoreLimit(value), since, liveMs, isRelease };
}

const isAnnouncement = (value: unknown): value is Written =>
  typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'number';

const hasName = (value: Written): value is Written & TaskAnnouncement =>
  'name' in value && typeof value.name === 'string';

/** What a worker has announced, without when. */
export const toTask = ({ at: _, since: __, liveMs: ___, isRelease: ____, ...task }: StoredAnnouncement) =>
  task;

/** Withdraws every announcement of a task; returns how many there were. */
export async function withdraw(redis: Connection, keys: QueueKeys, name: string): Promise<number> {
  const fields = (await redis.hkeys(keys.tasks)).filter(
    (field) => field === name || field.startsWith(`${name}\n`),
  );
  return fields.length === 0 ? 0 : redis.hdel(keys.tasks, ...fields);
}
