import { beforeEach, describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import {
  ANNOUNCEMENT_TTL_MS,
  announceTasks,
  keepAnnounced,
  readAnnouncements,
  readStoredAnnouncements,
} from '../../src/tasks/announcements.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const keys = queueKeys('mr', 'q');
const HOUR_MS = 3_600_000;

beforeEach(() => redis.client.flushall());

const namesAt = async (now: number) =>
  (await readAnnouncements(redis.client, keys, now)).map(({ name }) => name).sort();

describe('an announcement', () => {
  it('can be read until it expires', async () => {
    await announceTasks(redis.client, keys, [{ name: 'echo', attempts: 3 }], 1_000);
    expect(await readAnnouncements(redis.client, keys, 1_000)).toEqual([{ name: 'echo', attempts: 3 }]);
    expect(await readStoredAnnouncements(redis.client, keys, 1_000)).toMatchObject([{ at: 1_000 }]);
    expect(await namesAt(1_000 + ANNOUNCEMENT_TTL_MS - 1)).toEqual(['echo']);
    expect(await namesAt(1_000 + ANNOUNCEMENT_TTL_MS)).toEqual([]);
  });

  it('that another program wrote is skipped', async () => {
    await redis.client.hset(keys.tasks, 'a', 'no JSON', 'b', '{"name":7}', 'c', '{"name":"c","at":1}');
    expect(await namesAt(1)).toEqual(['c']);
  });
});

describe('an announcement by name alone', () => {
  it('keeps the schemas and defaults that are announced already', async () => {
    await announceTasks(redis.client, keys, [{ name: 'echo', attempts: 3 }], 0);
    await keepAnnounced(redis.client, keys, ['echo', 'new'], HOUR_MS);
    const stored = await readStoredAnnouncements(redis.client, keys, HOUR_MS);
    expect(stored.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'echo', attempts: 3, at: HOUR_MS },
      { name: 'new', at: HOUR_MS },
    ]);
  });

  it('writes nothing while the announcement is recent', async () => {
    await announceTasks(redis.client, keys, [{ name: 'echo' }], 0);
    await keepAnnounced(redis.client, keys, ['echo'], 599_999);
    expect(await readStoredAnnouncements(redis.client, keys, 599_999)).toMatchObject([{ at: 0 }]);
  });

  it('removes the announcements that have expired', async () => {
    await announceTasks(redis.client, keys, [{ name: 'old' }], 0);
    await keepAnnounced(redis.client, keys, ['new'], ANNOUNCEMENT_TTL_MS);
    expect(await redis.client.hkeys(keys.tasks)).toEqual(['new']);
  });
});
