import { AppError } from '../errors.ts';
import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { parseJson } from '../redis/parse-json.ts';
import { timeAt } from '../redis/server-time.ts';
import { restoreLimit, storeLimit } from '../schemas/values/attempts.ts';
import { releaseFingerprint } from './fingerprint.ts';
import { announceIfUnchanged, announceReleases } from './scripts/announce.ts';
import { announceRelease } from './scripts/announce-over-http.ts';
import type { TaskAnnouncement } from './types.ts';

/** An announcement is forgotten this long after its last renewal, so that tasks without a worker disappear. */
export const ANNOUNCEMENT_TTL_MS = 86_400_000;

/** A worker counts as live for this long after it has announced a task. It renews that every 30 s. */
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

/** The announcement as JSON without its first brace, behind which the scripts write times. */
const tailOf = (task: TaskAnnouncement, liveMs: number): string =>
  JSON.stringify({ liveMs, ...storeLimit(task) }).slice(1);

/** Announces the tasks of one release of a worker, which repeats it. Other releases of the tasks keep their own announcements. */
export async function announceTasks(
  redis: Connection,
  keys: QueueKeys,
  tasks: readonly TaskAnnouncement[],
): Promise<void> {
  const rows = tasks.map((task) => ({
    field: `${task.name}\n${releaseFingerprint(task)}`,
    tail: tailOf(task, WORKER_LIVE_MS),
  }));
  const known = await announceReleases(
    redis,
    keys,
    rows.map(({ field }) => ({ field, tail: '' })),
  );
  const unknown = rows.filter((_, i) => !known[i]);
  if (unknown.length > 0) await announceReleases(redis, keys, unknown);
}

/** How the fields of the releases of a task begin that were announced over HTTP. */
const httpReleases = (name: string): string => `${name}\nhttp-`;

/**
 * Announces one release of a task of HTTP workers for a day, beside all others. Returns what `withdraw` calls it.
 *
 * @throws {AppError} too-many-tasks.
 */
export async function announceOverHttp(
  redis: Connection,
  keys: QueueKeys,
  task: TaskAnnouncement,
): Promise<string> {
  const others = httpReleases(task.name);
  const release = others + releaseFingerprint(task);
  const tail = tailOf(task, ANNOUNCEMENT_TTL_MS);
  if (await announceRelease(redis, keys, { release, others, tail, liveMs: HTTP_LIVE_MS })) {
    return release.slice(task.name.length + 1);
  }
  throw new AppError(
    'too-many-tasks',
    `The queue "${keys.queue}" has too many announced tasks, or too many releases of "${task.name}". Withdraw those that no worker needs.`,
  );
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
  const [all, now] = await Promise.all([redis.hgetall(keys.tasks), timeAt(redis, keys.tasks)]);
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
  const [all, now] = await Promise.all([redis.hgetall(keys.tasks), timeAt(redis, keys.tasks)]);
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
    const value = field.startsWith(httpReleases(name)) ? parseJson(text) : undefined;
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

/**
 * Withdraws one release of a task, or all announcements of it but those of TypeScript workers that still run: these would
 * announce it again. Returns how many there were.
 */
export async function withdraw(
  redis: Connection,
  keys: QueueKeys,
  name: string,
  release?: string,
): Promise<number> {
  if (release !== undefined) return redis.hdel(keys.tasks, `${name}\n${release}`);
  const [all, now] = await Promise.all([redis.hgetall(keys.tasks), timeAt(redis, keys.tasks)]);
  const fields = Object.entries(all).flatMap(([field, text]) => {
    if (field !== name && !field.startsWith(`${name}\n`)) return [];
    const value = parseJson(text);
    const isOverHttp = field === name || field.startsWith(httpReleases(name));
    const isKept = !isOverHttp && isAnnouncement(value) && isLive({ liveMs: WORKER_LIVE_MS, ...value }, now);
    return isKept ? [] : [field];
  });
  return fields.length === 0 ? 0 : redis.hdel(keys.tasks, ...fields);
}

/** Removes what TypeScript workers have announced of the tasks. Those that run announce theirs again, within 30 s. */
export async function forgetTasks(
  redis: Connection,
  keys: QueueKeys,
  names: readonly string[],
): Promise<void> {
  const fields = (await redis.hkeys(keys.tasks)).filter((field) =>
    names.some((name) => field.startsWith(`${name}\n`) && !field.startsWith(httpReleases(name))),
  );
  if (fields.length > 0) await redis.hdel(keys.tasks, ...fields);
}
