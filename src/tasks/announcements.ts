import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { parseJson } from '../redis/parse-json.ts';
import { announceIfUnchanged } from './scripts/announce.ts';
import type { TaskAnnouncement } from './types.ts';

/** An announcement expires this long after its last renewal, so that tasks without a worker disappear. */
export const ANNOUNCEMENT_TTL_MS = 86_400_000;

/** As stored in the queue's `tasks` hash. */
export interface StoredAnnouncement extends TaskAnnouncement {
  /** When the announcement was written, Unix ms. */
  at: number;
}

/** Announces the tasks of a worker for a queue. Workers repeat this well within the TTL. */
export async function announceTasks(
  redis: Connection,
  keys: QueueKeys,
  tasks: readonly TaskAnnouncement[],
  now: number,
): Promise<void> {
  const fields = tasks.flatMap((task) => {
    const stored: StoredAnnouncement = { ...task, at: now };
    return [task.name, JSON.stringify(stored)];
  });
  await redis.hset(keys.tasks, fields);
}

/** `keepAnnounced` renews an announcement that is older than this. */
const RENEW_AFTER_MS = 600_000;

/**
 * Announces tasks by name alone, for an HTTP worker. Schemas and defaults that are announced already stay as they are.
 * Also removes expired announcements.
 */
export async function keepAnnounced(
  redis: Connection,
  keys: QueueKeys,
  names: readonly string[],
  now: number,
): Promise<void> {
  const texts = await redis.hmget(keys.tasks, ...names);
  const due = names.flatMap((name, i) => {
    const text = texts[i] ?? '';
    const stored = parseJson(text);
    if (!isStored(stored)) return [{ name, read: text, text: JSON.stringify({ name, at: now }) }];
    if (now - stored.at < RENEW_AFTER_MS) return [];
    return [{ name, read: text, text: JSON.stringify({ ...stored, at: now }) }];
  });
  if (due.length === 0) return;
  const expired = Object.entries(await redis.hgetall(keys.tasks)).flatMap(([name, read]) => {
    const stored = parseJson(read);
    const isExpired = isStored(stored) && now - stored.at >= ANNOUNCEMENT_TTL_MS && !names.includes(name);
    return isExpired ? [{ name, read, text: '' }] : [];
  });
  await announceIfUnchanged(redis, keys, [...expired, ...due]);
}

/** The tasks that the workers of a queue have announced and that have not expired. */
export async function readAnnouncements(
  redis: Connection,
  keys: QueueKeys,
  now: number,
): Promise<TaskAnnouncement[]> {
  return (await readStoredAnnouncements(redis, keys, now)).map(({ at: _, ...task }) => task);
}

/** The same, with the time at which each was written. */
export async function readStoredAnnouncements(
  redis: Connection,
  keys: QueueKeys,
  now: number,
): Promise<StoredAnnouncement[]> {
  const stored = Object.values(await redis.hgetall(keys.tasks)).flatMap((text) => {
    const value = parseJson(text);
    // Another program may have written to the hash: skip what is not an announcement.
    return isStored(value) ? [value] : [];
  });
  return stored.filter(({ at }) => now - at < ANNOUNCEMENT_TTL_MS);
}

const isStored = (value: unknown): value is StoredAnnouncement =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'at' in value &&
  typeof value.at === 'number';
