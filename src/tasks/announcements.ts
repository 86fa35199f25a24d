import type { Connection } from '../redis/connection.ts';
import type { QueueKeys } from '../redis/keys.ts';
import { parseJson } from '../redis/parse-json.ts';
import { announceIfUnchanged } from './scripts/announce.ts';
import type { TaskAnnouncement } from './types.ts';

/** An announcement counts this long after it was last renewed, so that tasks of the past fade out. */
export const ANNOUNCEMENT_TTL_MS = 86_400_000;

/** As stored in the queue's `tasks` hash. */
export interface StoredAnnouncement extends TaskAnnouncement {
  /** When it was written, Unix ms. */
  at: number;
}

/** Tells the API which tasks the workers of a queue know; to be repeated well within the TTL. */
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

/** Announcements are renewed when they are older than this. */
const RENEW_AFTER_MS = 600_000;

/**
 * Says that a worker has these tasks, of which it knows no more than the names: what is announced of them stands.
 * Announcements that count no more are dropped with it.
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
    const known = parseJson(text);
    if (!isStored(known)) return [{ name, read: text, text: JSON.stringify({ name, at: now }) }];
    if (now - known.at < RENEW_AFTER_MS) return [];
    return [{ name, read: text, text: JSON.stringify({ ...known, at: now }) }];
  });
  if (due.length === 0) return;
  const expired = Object.entries(await redis.hgetall(keys.tasks)).flatMap(([name, read]) => {
    const known = parseJson(read);
    const isOver = isStored(known) && now - known.at >= ANNOUNCEMENT_TTL_MS && !names.includes(name);
    return isOver ? [{ name, read, text: '' }] : [];
  });
  await announceIfUnchanged(redis, keys, [...expired, ...due]);
}

/** The tasks that workers of a queue have announced, by name; empty when none has. */
export async function readAnnouncements(
  redis: Connection,
  keys: QueueKeys,
  now: number,
): Promise<TaskAnnouncement[]> {
  return (await readStoredAnnouncements(redis, keys, now)).map(({ at: _, ...task }) => task);
}

/** The same with the times at which they were written. */
export async function readStoredAnnouncements(
  redis: Connection,
  keys: QueueKeys,
  now: number,
): Promise<StoredAnnouncement[]> {
  const stored = Object.values(await redis.hgetall(keys.tasks)).flatMap((text) => {
    const value = parseJson(text);
    // What else may stand there is not ours to fail for.
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
