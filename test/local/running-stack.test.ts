import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { reachable, runningStack } from '../../src/local/running-stack.ts';
import { takeLock } from '../../src/local/start-lock.ts';

it('finds a stack while it runs', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mr-stack-'));
  expect(await runningStack(dir)).toBeUndefined();
  const lock = await takeLock(join(dir, 'lock'), 'http://127.0.0.1:3000');
  expect(await runningStack(dir)).toEqual({ url: 'http://127.0.0.1:3000', redisUrl: undefined });
  await lock.release();
  expect(await runningStack(dir)).toBeUndefined();
  await rm(dir, { recursive: true });
});

it.each([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '127.0.0.1'],
  ['::1', '[::1]'],
  ['api.example.com', 'api.example.com'],
])('reaches %s at %s', (host, expected) => {
  expect(reachable(host)).toBe(expected);
});
