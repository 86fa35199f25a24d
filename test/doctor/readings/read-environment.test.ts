import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readEnvironment } from '../../../src/doctor/readings/read-environment.ts';
import { takeLock } from '../../../src/local/start-lock.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mr-doctor-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('has the addresses of the service, where nothing else is said', async () => {
  const { redis, api, readings } = await readEnvironment(
    { HOST: '0.0.0.0', PORT: '3001', PREFIX: 'x', AUTH: 'keys' },
    folder,
  );
  expect(redis).toEqual({ url: 'redis://127.0.0.1:6379', prefix: 'x' });
  expect(api).toEqual({ url: 'http://127.0.0.1:3001', key: '' });
  expect(readings).toMatchObject({ faults: [], misspelt: [], host: '0.0.0.0', tasksDirFault: undefined });
});

it('takes the addresses that are set for it', async () => {
  const { api } = await readEnvironment(
    { MILLRACE_URL: 'https://jobs.example.com/', MILLRACE_KEY: 'k' },
    folder,
  );
  expect(api).toEqual({ url: 'https://jobs.example.com', key: 'k' });
});

it('uses the admin key for its own API only', async () => {
  const ADMIN_KEY = 'a'.repeat(32);
  expect((await readEnvironment({ ADMIN_KEY }, folder)).api.key).toBe(ADMIN_KEY);
  const elsewhere = { ADMIN_KEY, MILLRACE_URL: 'https://jobs.example.com' };
  expect((await readEnvironment(elsewhere, folder)).api.key).toBe('');
});

it('looks at what npm start runs in the folder', async () => {
  const data = join(folder, '.millrace');
  await mkdir(join(data, 'redis'), { recursive: true });
  const lock = await takeLock(join(data, 'lock'), 'http://127.0.0.1:3999');
  await writeFile(join(data, 'redis', 'address'), 'unix:///tmp/redis.sock\n');
  const found = await readEnvironment({}, folder);
  expect([found.redis.url, found.api.url]).toEqual(['unix:///tmp/redis.sock', 'http://127.0.0.1:3999']);
  const told = await readEnvironment(
    { REDIS_URL: 'redis://redis:6379', MILLRACE_URL: 'http://api:3000' },
    folder,
  );
  expect([told.redis.url, told.api.url]).toEqual(['redis://redis:6379', 'http://api:3000']);
  await lock.release();
  expect((await readEnvironment({}, folder)).api.url).toBe('http://127.0.0.1:3000');
});

it('names every fault, and goes on with the settings that are sound', async () => {
  const env = { PORT: 'x', PREFIX: 'mine', REDIS_ULR: 'redis://redis:6379', TASKS_DIR: '/nowhere' };
  const { readings, redis } = await readEnvironment(env, folder);
  expect(readings.faults).toEqual([expect.stringContaining('PORT is "x"')]);
  expect(readings.misspelt).toEqual([expect.stringContaining('REDIS_ULR')]);
  expect(readings.tasksDirFault).toContain('ENOENT');
  expect(redis.prefix).toBe('mine');
});

it('does not show the password of an address that is wrong', async () => {
  const { readings } = await readEnvironment({ REDIS_URL: 'http://user:a-password@redis:6379' }, folder);
  expect(readings.faults).toHaveLength(1);
  expect(readings.faults[0]).not.toContain('a-password');
});
