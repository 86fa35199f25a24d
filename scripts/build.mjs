import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDashboard } from './dashboard.mjs';
import { runQuietly } from './task.mjs';

const SOURCES = ['src', 'routes', 'workers'];
const PAGES = 'dashboard';
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const LIMIT_MS = 5 * 60_000;

/** Compiles when `dist` is missing, unfinished or older than the sources. */
export async function ensureBuild(root) {
  const dist = join(root, 'dist');
  const stamp = join(dist, '.built');
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  // With some output gone, the compiler's own notes would make it write only what has changed since.
  const isWhole = ['src/server.js', 'workers/main.js', 'dashboard/index.html', '.built'].every((file) =>
    existsSync(join(dist, file)),
  );
  if (isWhole && statSync(stamp).mtimeMs > newest(root)) return;
  if (!isWhole) rmSync(join(dist, '.tsbuildinfo'), { force: true });
  const started = new Date();
  await runQuietly('Compiling', [process.execPath, tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    limitMs: LIMIT_MS,
    next: 'Mend the sources (or: git status, to see what was changed), then run the same command again.',
  });
  removeOrphans(root, dist);
  await buildDashboard(root);
  writeFileSync(stamp, `${started.toISOString()}\n`);
}

/** The time of the last change; a folder's own time tells of files that were removed. */
function newest(root) {
  const times = SETTINGS.map((file) => statSync(join(root, file)).mtimeMs);
  for (const folder of [...SOURCES, PAGES]) {
    times.push(statSync(join(root, folder)).mtimeMs);
    for (const path of filesIn(join(root, folder))) times.push(statSync(path).mtimeMs);
  }
  return Math.max(...times);
}

const filesIn = (folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name));

/** The output of a source that is gone would still be loaded, a task's for one. */
function removeOrphans(root, dist) {
  for (const folder of SOURCES) {
    for (const name of readdirSync(join(dist, folder), { recursive: true })) {
      const source = join(root, folder, name.replace(/\.js$/, '.ts'));
      if (name.endsWith('.js') && !existsSync(source)) rmSync(join(dist, folder, name));
    }
  }
}
