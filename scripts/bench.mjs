import { join } from 'node:path';
import { ensureModules } from './modules.mjs';
import { runQuietly } from './task.mjs';

const LIMIT_MS = 5 * 60_000;

/** Installs what the bench compares with, and compiles the bench: what is measured runs without a loader. */
export async function ensureBench(root) {
  const bench = join(root, 'bench');
  await ensureModules(bench);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await runQuietly('Compiling the bench', [process.execPath, tsc, '-p', bench], {
    cwd: root,
    limitMs: LIMIT_MS,
    next: 'Mend the sources (or: git status, to see what was changed), then run the same command again.',
  });
}
