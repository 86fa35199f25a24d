import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hasTaskFiles, taskNames, watchTaskFolder } from '../../../src/local/dev/task-folder.ts';

let parent: string;
let dir: string;
let stop: AbortController;
let watching: Promise<void>;
let changes = 0;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'mr-tasks-'));
  dir = join(parent, 'tasks');
  changes = 0;
  stop = new AbortController();
  const onChange = async () => {
    changes += 1;
  };
  watching = watchTaskFolder(dir, onChange, stop.signal);
});

afterEach(async () => {
  stop.abort();
  await watching;
  await rm(parent, { recursive: true, force: true });
});

it('tells of a folder that comes, and of files that come, change and go', async () => {
  expect(await hasTaskFiles(dir)).toBe(false);
  await mkdir(dir);
  await writeFile(join(dir, 'a.mts'), 'export default () => 1;');
  await expect.poll(() => changes).toBe(1);
  expect(await hasTaskFiles(dir)).toBe(true);
  await writeFile(join(dir, 'a.mts'), 'export default () => 22;');
  await expect.poll(() => changes).toBe(2);
  await mkdir(join(dir, 'lib'));
  await writeFile(join(dir, 'lib', 'b.ts'), '');
  await expect.poll(() => changes).toBe(3);
  await rm(join(dir, 'a.mts'));
  await expect.poll(() => changes).toBe(4);
});

it('names the tasks of a folder by their files', async () => {
  expect(await taskNames(dir)).toEqual([]);
  await mkdir(dir);
  for (const file of ['b.ts', 'a.x.mjs', 'c.d.ts', 'd.test.js', '_e.js', 'f.json'])
    await writeFile(join(dir, file), '');
  expect((await taskNames(dir)).sort()).toEqual(['a.x', 'b']);
});
