import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';
import { onTestFinished } from 'vitest';

/** Imported by tsx: the module loader of vitest accepts files that Node refuses, and the other way round. */
export const {
  toAnnouncement,
  loadTask,
  loadTasks,
  TaskLoadError,
}: typeof import('../../src/tasks/load.ts') = await tsImport('../../src/tasks/load.ts', import.meta.url);

/** A package.json that makes the .js and .ts files of a folder ES modules. */
export const MODULE = { 'package.json': '{ "type": "module" }' };

/** A folder with these files, which is deleted after the test. */
export async function folder(files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-tasks-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(dir, name), text)));
  return dir;
}
