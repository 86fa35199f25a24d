import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { SubmitSettings } from '../../src/core/submit-settings.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();

it.each([
  ['maxJobs', 5],
  ['submitEvents', 1],
])('knows whether a queue has %s, and reads a change at once on refresh', async (name, value) => {
  const keys = queueKeys('mr', `with-${name}`);
  const settings = new SubmitSettings(redis.client, systemClock);
  await redis.client.hset(keys.settings, 'paused', 1);
  expect(await settings.isSet(keys)).toBe(false);
  await redis.client.hset(keys.settings, name, value);
  expect(settings.isSet(keys)).toBe(false);
  expect(await settings.refresh(keys)).toBe(true);
  expect(settings.isSet(keys)).toBe(true);
});
