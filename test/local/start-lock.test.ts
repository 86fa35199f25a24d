import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeLock } from '../../src/local/start-lock.ts';

let dir: string;
let path: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-lock-'));
  path = join(dir, 'lock');
});

afterEach(() => rm(dir, { recursive: true, force: true }));

it('is refused to a second process, with the first in the error, until it is released', async () => {
  const lock = await takeLock(path, 'http://127.0.0.1:3000');
  expect(lock.recovered).toBe(false);
  await expect(takeLock(path, 'another')).rejects.toThrow(
    `Millrace already runs in this folder: http://127.0.0.1:3000, process ${process.pid}. Use that one, or stop it first with: kill ${process.pid}`,
  );
  await lock.release();
  expect((await takeLock(path, 'another')).recovered).toBe(false);
});

it('is taken over from a killed process', async () => {
  const module = pathToFileURL(join(import.meta.dirname, '../../src/local/start-lock.ts')).href;
  const script = `const { takeLock } = await import(${JSON.stringify(module)});
    await takeLock(${JSON.stringify(path)}, 'the first');
    console.log('taken');
    setInterval(() => {}, 1000);`;
  const first = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  await once(first.stdout, 'data');
  await expect(takeLock(path, 'the second')).rejects.toThrow(`the first, process ${first.pid}`);
  first.kill('SIGKILL');
  await once(first, 'exit');
  expect((await takeLock(path, 'the second')).recovered).toBe(true);
});

it('is not held by another process with the same pid', async () => {
  await takeLock(path, 'the first');
  const holder = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...holder, born: 'at another time' }));
  expect((await takeLock(path, 'the second')).recovered).toBe(true);
});

it('is not held by a file that was cut off', async () => {
  await writeFile(path, '{"pid":1');
  expect((await takeLock(path, 'the second')).recovered).toBe(false);
});
